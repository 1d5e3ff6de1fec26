"""The command line's commands as functions; `Run`, what they return, is in `raynas.run`."""

from io import StringIO
from pathlib import Path

from raynas.engine.run_search import resume_run, run_search
from raynas.options.command_options import ReplayCall, ResumeCall, SearchCall, SearchLikeCall
from raynas.options.keywords import takes
from raynas.options.run_options import RunOptions
from raynas.run import Run, view_of
from raynas.runs.run_config import make_config
from raynas.runs.run_file import parse_run_file
from raynas.runs.run_folder import open_run as open_folder
from raynas.runs.storage import read_file
from raynas.simulation import run_replay
from raynas.space import bundled_spaces
from raynas.terminal.option_tables import list_options
from raynas.terminal.output import plain_console
from raynas.terminal.space_summary import describe_space as print_space

__all__ = [
    "describe_options",
    "describe_space",
    "open_run",
    "replay",
    "resume",
    "search",
    "search_like",
    "spaces",
]


@takes(SearchCall, also_by_place=("space", "strategy", "data"))
def search(call: SearchCall) -> Run:
    """Search for the best architecture, and test it once at the end; `raynas search`.

    Raises:
        ValueError: an option is unknown or wrong, or the run exists; no trial has started.
        RunFailed: every trial failed.
    """
    options_set = call.model_dump(include=call.model_fields_set & RunOptions.model_fields.keys())
    return Run(run_search(make_config(**options_set), view_of(call), call.address))


@takes(SearchLikeCall)
def search_like(config: str | Path, call: SearchLikeCall) -> Run:
    """Search with the options of a YAML file, as a run's run.yaml; those given here win.

    Raises:
        ValueError: the file cannot be read, or an option in it is wrong.
        RunFailed: every trial failed.
    """
    try:
        text = read_file(str(config)).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"config {config} cannot be read: {error}") from error
    options_set = call.model_dump(include=call.model_fields_set & RunOptions.model_fields.keys())
    changes = {name: value for name, value in options_set.items() if value is not None}
    wanted = parse_run_file(text, str(config)).config(**changes)
    return Run(run_search(wanted, view_of(call), call.address))


@takes(ResumeCall)
def resume(run_folder: str | Path, call: ResumeCall) -> Run:
    """Go on with a run that was interrupted or killed, or extend one; `raynas resume`.

    Raises:
        ValueError: there is no run, or it is going on in another process.
        RunFailed: every trial failed.
    """
    return Run(resume_run(str(run_folder), call, view_of(call)))


def open_run(run_folder: str | Path) -> Run:
    """Open the folder of a run, going on or ended, to look at it and use what it found.

    Raises:
        ValueError: there is none, or its run.yaml is broken.
    """
    return Run(open_folder(str(run_folder)))


def spaces() -> dict[str, str]:
    """Return the search spaces that come with raynas, each with one line about it."""
    return bundled_spaces()


def describe_space(space: str, *, seed: int = 0) -> str:
    """Describe a space, bundled or a file: size, decisions, samples and their cost.

    Raises:
        ValueError: there is no such space, or its file is broken.
    """
    text = StringIO()
    print_space(space, seed, plain_console(text, width=100))
    return text.getvalue()


def describe_options(strategy: str | None = None) -> str:
    """List what `options` may hold: name, default and meaning of each, of one strategy or of all.

    Raises:
        ValueError: there is no such strategy.
    """
    text = StringIO()
    list_options(strategy, plain_console(text, width=120))
    return text.getvalue()


@takes(ReplayCall)
def replay(call: ReplayCall) -> run_replay.Summary:
    """Run a strategy on a table of known results, without training; `raynas replay`.

    Raises:
        ValueError: an option, the space, the table or the output is wrong; one line says what.
    """
    return run_replay.replay(call)
