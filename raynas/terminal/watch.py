"""A run watched from its folder, from any machine that sees it, until it ends."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.markup import escape

from raynas.runs.ranking import ranked
from raynas.runs.run_folder import RunFolder, open_run
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.terminal.fitted import Fitted
from raynas.terminal.status import show_status, status_of

EVERY_S = 2.0
"""Seconds between two looks at a local folder."""
REMOTE_EVERY_S = 10.0
SHARE = 5
"""A look at a large run takes seconds; the pause after it is so many times as long."""


def watch_status(path: str, console: Console) -> None:
    """Show a run's status until it is not running any more; at once, if it is not now.

    On a terminal it is redrawn in place; elsewhere it is a line for each change. Ctrl-C ends the
    watching and nothing else.

    Raises:
        ValueError: there is no run folder at `path`.
    """
    looks = _looks(open_run(path))
    with contextlib.suppress(KeyboardInterrupt):
        if console.is_terminal:
            with Live(console=console, transient=True, auto_refresh=False) as live:
                for run, trials, state in looks:
                    live.update(Fitted(*status_of(run, trials, state)), refresh=True)
        else:
            for run, trials, _ in looks:
                console.print(_line(run, trials))
    show_status(path, console)


def _looks(run: RunFolder) -> Iterator[tuple[RunFolder, list[Trial], str]]:
    """Yield the run whenever there is something new, until it has ended."""
    pause = REMOTE_EVERY_S if run.folder.local is None else EVERY_S
    seen: object = None
    trials: list[Trial] = []
    while True:
        begun = time.monotonic()
        state = run.state(len(trials))  # before the trials: those of a run that has ended are all
        files = [(i.base_name, i.mtime_ns, i.size) for i in (run.folder / "trials").list()]
        if files != seen:
            seen, trials = files, list(run.trials())
            if state == "running":
                yield run, trials, state
        if state != "running":
            return
        time.sleep(max(pause, SHARE * (time.monotonic() - begun)))


def _line(run: RunFolder, trials: list[Trial]) -> str:
    """Say in one line how far a run is."""
    failed = sum(trial.status == "failed" for trial in trials)
    total = "" if run.config.trials is None else f"/{run.config.trials}"
    parts = [f"{len(trials)}{total} {run.unit}s"]
    if failed:
        parts.append(f"{failed} failed")
    best = ranked(trials, run)
    if best:
        metric = run.config.metric
        value = metric_text(metric, best[0].metrics[metric])
        parts.append(f"best {metric} {value} ({run.unit} {best[0].number})")
    return escape(", ".join(parts))
