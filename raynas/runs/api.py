"""The command line's commands as functions."""

from typing import Any

from raynas.runs.config import make_config
from raynas.runs.run import Run
from raynas.runs.search import resume_run, run_search

__all__ = ["resume", "search"]


def search(*, address: str | None = None, **options: Any) -> Run:
    """Search for the best architecture; takes the options of `raynas search` by name.

    `options=` is a dict of what the command line calls `--set`. Prints nothing. A Ray that this
    process has joined already is used.

    Raises:
        ValueError: an option is unknown or wrong, or the run exists; no trial has started.
        RunFailed: every trial failed.
    """
    return run_search(make_config(**options), address=address)


def resume(run_folder: str, *, trials: int | None = None, address: str | None = None) -> Run:
    """Go on with a run that was interrupted or killed, or extend one to more trials.

    Raises:
        ValueError: there is no run, or it is going on in another process.
        RunFailed: every trial failed.
    """
    return resume_run(run_folder, trials, address=address)
