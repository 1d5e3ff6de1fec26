"""Trials that take too long: a warning, and where the user has set a limit, their end."""

import time
from collections.abc import Callable, Iterator
from statistics import median

MANY_TIMES = 10
"""How many times the median trial is worth a warning."""
_ENOUGH = 3
"""From how many trials a median is known."""
_SHORT_S, _UNKNOWN_S = 10.0, 600.0
"""A trial of fewer seconds is not warned of; the other holds as long as no median is known."""
_LOOK_EVERY_S = 0.5


class Overtime:
    """Times the trials that are being trained, by the clock of the driver: they may hang."""

    def __init__(
        self,
        minutes: float | None,
        warn: Callable[[str, str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the limit, None for none, and who is told of a trial that takes long, by its id."""
        self._clock = clock
        self._limit = None if minutes is None else 60 * minutes
        self._warn = warn
        self._begun: dict[str, float] = {}
        self._seconds: list[float] = []
        self._warned: set[str] = set()
        self._looked = 0.0
        self._over: set[str] = set()

    def begin(self, trial_id: str) -> None:
        """A worker begins with a trial."""
        self._begun[trial_id] = self._clock()

    def end(self, trial_id: str, *, counts: bool = True) -> bool:
        """A trial has ended, or lost its worker; return whether for being over its time."""
        begun = self._begun.pop(trial_id, None)
        if begun is not None and counts:
            self._seconds.append(self._clock() - begun)
        was_over = trial_id in self._over
        self._over.discard(trial_id)
        return was_over

    def look(self) -> Iterator[str]:
        """Warn of trials that take long; yield those whose time is over, each once."""
        now = self._clock()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        usual = median(self._seconds) if len(self._seconds) >= _ENOUGH else None
        long = _UNKNOWN_S if usual is None else max(_SHORT_S, MANY_TIMES * usual)
        for trial_id, begun in self._begun.items():
            seconds = now - begun
            if seconds > long and trial_id not in self._warned:
                self._warned.add(trial_id)
                self._warn(trial_id, self._words(seconds, usual))
            if self._limit is not None and seconds > self._limit and trial_id not in self._over:
                self._over.add(trial_id)
                yield trial_id

    def reason(self) -> str:
        """Say why a trial that was over its time has failed."""
        minutes = (self._limit or 0.0) / 60
        return f"it took longer than --trial-minutes allows ({minutes:g})"

    def _words(self, seconds: float, usual: float | None) -> str:
        words = f" has been going on for {_time(seconds)}"
        if usual is not None:
            words += f", {seconds / usual:.0f} times the median trial ({_time(usual)})"
        if self._limit is not None:
            return f"{words}; it is ended after {_time(self._limit)}"
        return f"{words}; --trial-minutes ends such trials, in `raynas resume` as well"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
