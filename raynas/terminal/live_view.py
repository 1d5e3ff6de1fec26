"""A run on the terminal: a live picture for a person, plain lines for a file."""

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console, RenderableType
from rich.markup import escape

from raynas.data import DataSource
from raynas.engine.ledger import Ledger
from raynas.runs.found_network import Origin
from raynas.runs.run_folder import RunFolder
from raynas.runs.wording import counted, derived_words, method_in_words, roughly, trials_in_words
from raynas.space import LoadedSpace, size
from raynas.terminal.fitted import redrawn
from raynas.terminal.run_picture import run_picture, running_words, words_of

PLAIN_EVERY_S = 10.0
"""Seconds between the lines of progress where the output is no terminal."""


class TerminalView:
    """Shows a run with rich; on a terminal it is redrawn in place, elsewhere it is lines."""

    def __init__(
        self,
        console: Console,
        on_open: Callable[[RunFolder], None] = lambda run: None,
        *,
        others_print: bool = False,
    ) -> None:
        """Draw on a console; `on_open` is told the run once it is open.

        `others_print` says that what others print comes to the same terminal.
        """
        self._console = console
        self._on_open = on_open
        self._others_print = others_print
        self.unit = "trial"
        self._started = time.monotonic()
        self._first_trial: float | None = None
        self._done_before = 0

    def opened(self, run: RunFolder, space: LoadedSpace, data: DataSource, resumed: bool) -> None:
        """Say what is searched, on what, where."""
        self._on_open(run)
        self.unit = run.unit
        origin = run.origin()
        self.say(_retraining(run, origin, resumed) if origin else _searching(run, space, resumed))
        self.say_data(data)
        self.say(f"[dim]run folder {escape(run.folder.uri)}[/dim]")

    def say_data(self, data: DataSource) -> None:
        """Say what the data set is, what is learned from, and what is suspicious."""
        self.say(f"[dim]{escape(data.summary())}[/dim]")
        for warning in data.intake.warnings:
            self.say(f"[yellow]{escape(warning)}[/yellow]")

    def say(self, text: str) -> None:
        """Show one line (rich markup)."""
        self._console.print(text, soft_wrap=True, highlight=False)

    @contextlib.contextmanager
    def watch(self, ledger: Ledger) -> Iterator[None]:
        """Show the ledger until the trials have ended."""
        self._started = time.monotonic()
        self._done_before = ledger.done
        ledger.on_warning = lambda text: self.say(f"[yellow]{escape(text)}[/yellow]")
        with self._drawn(ledger):
            yield
        self.say(self._counts(ledger))

    @contextlib.contextmanager
    def _drawn(self, ledger: Ledger) -> Iterator[None]:
        """Draw the ledger again and again; where that cannot be, say what changes."""
        if self._console.is_terminal:
            with redrawn(
                self._console, lambda: self._picture(ledger), others_print=self._others_print
            ):
                yield
        else:
            lines = _Lines(self, ledger)
            ledger.on_change = lines.update
            yield
            ledger.on_change = None

    def _picture(self, ledger: Ledger) -> RenderableType:
        return run_picture(ledger, self._counts(ledger), self.unit, self._console.width)

    def _counts(self, ledger: Ledger) -> str:
        parts = [f"[bold]{ledger.done}[/bold]{_total(ledger)} {self.unit}s"]
        if self._first_trial is None:
            if not ledger.running and not ledger.complete:
                return f"{parts[0]}, starting workers"
            self._first_trial = time.monotonic()
        if ledger.running:
            parts.append(f"{len(ledger.running)} running")
        if ledger.tally.early:
            parts.append(f"{ledger.tally.early} stopped early")
        if ledger.tally.failures:
            parts.append(f"[red]{len(ledger.tally.failures)} failed[/red]")
        parts.append(self._passed(ledger))
        left = None if ledger.stopped.is_set() else self._left(ledger)
        if ledger.stopped.is_set():
            parts.append("stopping")
        if left is not None:
            parts.append(f"about {_clock(left)} left")
        return ", ".join(parts)

    def _left(self, ledger: Ledger) -> float | None:
        """Estimate the seconds left from the pace since the first trial began."""
        done = ledger.done - self._done_before
        if done < 1 or not ledger.left or self._first_trial is None:
            return None
        left = (time.monotonic() - self._first_trial) / done * ledger.left
        limit = ledger.limit.left_s
        return left if limit is None else min(left, limit)

    def _passed(self, ledger: Ledger) -> str:
        """Say how long it has gone on; of a run with a time of its own, over all resumes."""
        if ledger.limit.seconds is None:
            return f"{_clock(time.monotonic() - self._started)} passed"
        spent = min(ledger.limit.spent_s, ledger.limit.seconds)
        return f"{_clock(spent)} of {_clock(ledger.limit.seconds)} passed"


def _total(ledger: Ledger) -> str:
    return "" if ledger.total is None else f"/{ledger.total}"


def _searching(run: RunFolder, space: LoadedSpace, resumed: bool) -> str:
    config, count = run.config, size(space.space)
    many = "over a million" if count is None else counted(count)
    return (
        f"[bold]{'Resuming' if resumed else 'Searching'}[/bold] {escape(config.space)} "
        f"({many} architectures) with {method_in_words(config)} on {escape(config.data)}: "
        f"{trials_in_words(config)}, best by {config.metric}{roughly(config.metric)}"
    )


def _retraining(run: RunFolder, origin: Origin, resumed: bool) -> str:
    config = run.config
    return (
        f"[bold]{'Resuming' if resumed else 'Retraining'}[/bold] trial {origin.number} of "
        f"{escape(origin.run)} on {escape(config.data)}: {config.trials} "
        f"seed{'' if config.trials == 1 else 's'} of {config.epochs} epochs"
    )


class _Lines:
    """Prints a line for each new best, failure and supernet, and now and then for progress."""

    def __init__(self, view: TerminalView, ledger: Ledger) -> None:
        self._view = view
        self._unit = view.unit
        self._best = ledger.best[0].trial_id if ledger.best else ""
        self._failed = len(ledger.tally.failures)
        self._lost = ledger.lost
        self._supernets = len(ledger.tally.supernets)
        self._next = time.monotonic() + PLAIN_EVERY_S

    def update(self, ledger: Ledger) -> None:
        counts = self._view._counts(ledger)  # always: its pace is that since the first trial began
        if len(ledger.tally.failures) > self._failed:
            self._failed = len(ledger.tally.failures)
            trial = ledger.tally.failures[-1]
            self._view.say(f"{self._unit} {trial.number} failed: {escape(str(trial.error))}")
        if ledger.lost is not None and ledger.lost != self._lost:
            self._lost = ledger.lost
            self._view.say(f"{ledger.lost[0]} goes on elsewhere: {escape(ledger.lost[1])}")
        if len(ledger.tally.supernets) > self._supernets:
            self._supernets = len(ledger.tally.supernets)
            trial = ledger.tally.supernets[-1]
            self._view.say(f"trial {trial.number}: supernet, {escape(derived_words(trial))}")
        if ledger.best and ledger.best[0].trial_id != self._best:
            self._best = ledger.best[0].trial_id
            words = words_of(ledger.best[0], ledger, self._unit)
            self._view.say(f"{ledger.done}{_total(ledger)} new best: {words}")
        elif time.monotonic() > self._next:
            self._view.say(counts + _epochs(ledger))
            for alive in ledger.running.values():
                if alive.proposal.supernet is not None:
                    number = alive.proposal.number
                    self._view.say(f"trial {number}: {escape(running_words(alive))}")
        else:
            return
        self._next = time.monotonic() + PLAIN_EVERY_S


def _epochs(ledger: Ledger) -> str:
    """Say where the first trials that are being trained are."""
    candidates = [trial for trial in ledger.running.values() if trial.proposal.supernet is None]
    epochs = [str(trial.epoch) for trial in candidates[:4]]
    return f" (epoch {', '.join(epochs)} of {ledger.config.epochs})" if epochs else ""


def _clock(seconds: float) -> str:
    """Write a duration: 42 s, 3:05, 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
