"""The minutes that a run has: when they are over, and what suits as many trials as they allow."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import mean
from typing import TYPE_CHECKING

from raynas.runs.run_file import read_run_file, write_run_file
from raynas.runs.trial import Clock, Trial

if TYPE_CHECKING:  # a ledger has one of these
    from raynas.engine.ledger.run_ledger import Ledger

ENOUGH = 2
"""Trials from which it is estimated how many there will be, besides the first one of each worker,
which takes longer."""


class TimeLimit:
    """When a run is over, whatever it has: counted from its start and over all its resumes."""

    def __init__(self, minutes: float | None, spent_s: float = 0.0) -> None:
        """Begin to count; so many seconds of the minutes have passed. None: it has no limit."""
        self._limit_s = None if minutes is None else 60 * minutes
        self._begun = time.monotonic() - spent_s

    @property
    def seconds(self) -> float | None:
        """All that the run has; None where it has no limit."""
        return self._limit_s

    @property
    def spent_s(self) -> float:
        """The seconds that have passed of them."""
        return time.monotonic() - self._begun

    @property
    def left_s(self) -> float | None:
        """The seconds that are left, never below 0."""
        return None if self._limit_s is None else max(0.0, self._limit_s - self.spent_s)

    @property
    def over(self) -> bool:
        """Whether none is left."""
        return self.left_s == 0


def spent_s(trials: Iterable[Trial], started: Sequence[datetime]) -> float:
    """Return the seconds that a run has taken which was `started` at these moments, now again.

    Of a process that was killed, it is known until its last trial was finished.
    """
    now = (datetime.now(UTC) - started[-1]).total_seconds() if started else 0.0
    return Clock.of(trials, started[:-1]).total + now


class Sizing:
    """Sets the options that suit a number of trials, once the first ones say how many it will be.

    The strategy is then another one with the same history; run.yaml has its options from there on.
    """

    def __init__(self, names: Sequence[str], say: Callable[[str], object]) -> None:
        """Take the names of these options; `say` is told what they come to."""
        self._names, self._say = names, say
        self._seconds: list[float] = []

    def look(self, ledger: "Ledger", begun: float) -> None:
        """Take note of a trial that has just ended and was handed out at a moment."""
        if not self._names:
            return
        self._seconds.append(time.monotonic() - begun)
        left, at_once = ledger.limit.left_s, len(ledger.running) + 1
        if len(self._seconds) < at_once + ENOUGH or not left:
            return
        names, self._names = self._names, ()
        usual = max(mean(self._seconds[at_once:]), 1e-3)
        trials = ledger.done + round(at_once * left / usual)
        config = ledger.config.sized(names, trials)
        file = read_run_file(ledger.folder)
        options = {**file.options, "options": config.options}
        write_run_file(ledger.folder, replace(file, options=options, to_be_sized=()))
        ledger.go_on_with(config)
        values = ", ".join(f"{name} {_text(config.options[name])}" for name in names)
        self._say(f"About {trials:,} trials fit into the time: {values}")


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
