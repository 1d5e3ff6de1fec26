"""From numbers to places on a picture, and the numbers that are written on its axes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from raynas.runs.wording import short


@dataclass(frozen=True)
class Scale:
    """Maps `low`..`high` to `start`..`end`, evenly or by logarithm; what lies outside is clipped.

    On a logarithmic scale `low` must be above 0. `whole`: only whole numbers are written.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        low, high, value = (self._inner(v) for v in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def _inner(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value

    def ticks(self) -> list[float]:
        """Return three to eight round numbers from low to high."""
        if not self.log:
            values = even_ticks(self.low, self.high)
            return [tick for tick in values if not self.whole or tick.is_integer()]
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1,), (1, 3), (1, 2, 5)):
            values = [s * 10.0**d for d in decades for s in steps]
            values = [value for value in values if self.low <= value <= self.high]
            if len(values) >= 3:
                return values[:: math.ceil(len(values) / 8)]
        return even_ticks(self.low, self.high)


def even_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers, evenly spaced, from low to high."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first
    return [float((first + i) * step) for i in range(count + 1)]


def limits(values: Iterable[float], margin: float = 0.04, log: bool = False) -> tuple[float, float]:
    """Return the least and greatest of the values, with a margin; (0, 1) without any."""
    known = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not known:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(known), max(known)
    if log:
        factor = (high / low) ** margin if high > low else 1.5
        return low / factor, high * factor
    spread = (high - low) * margin if high > low else abs(high) * 0.1 or 1.0
    return low - spread, high + spread


def without_outliers(values: list[float], larger_is_better: bool) -> tuple[float, float]:
    """Return limits that leave room for what is good: far worse values fall outside.

    A value is far worse where it is more than four times as far from the best as nine tenths are.
    """
    known = sorted((v for v in values if math.isfinite(v)), reverse=larger_is_better)
    if len(known) < 5:
        return limits(known)
    best, usual = known[0], known[math.ceil(len(known) * 0.9) - 1]
    worst = best - 1.5 * (best - usual)
    far = abs(best - known[-1]) > 4 * abs(best - usual) > 0
    return limits([best, worst if far else known[-1]])


def tick_texts(ticks: list[float]) -> list[str]:
    """Write the numbers of one axis alike, with as many decimals as tell them apart."""
    size = max((abs(tick) for tick in ticks), default=0.0)
    if size >= 10_000 or len(ticks) < 2:
        return [short(tick) for tick in ticks]
    step = min(abs(b - a) for a, b in pairwise(ticks))
    decimals = max(0, min(6, -math.floor(math.log10(step) + 1e-9))) if step > 0 else 0
    return [f"{tick:,.{decimals}f}" for tick in ticks]
