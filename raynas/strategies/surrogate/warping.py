"""Scores on a scale that a Gaussian process can follow, and the improvement to expect on it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, ndtri

Vector = npt.NDArray[np.float64]


class Warping:
    """Scores to normal ones: linear above the median, by rank below it.

    How bad the bad ones are says little of where the best is, and nets that did not learn at all
    would otherwise set the scale (half-rank warping of Song 2024, arXiv:2408.11527).
    """

    def __init__(self, scores: Sequence[float]) -> None:
        """Fit to at least one score."""
        values = np.asarray(scores, dtype=np.float64)
        self._median = float(np.median(values))
        above = values[values >= self._median] - self._median
        self._scale = float(np.sqrt((above**2).mean())) or 1.0
        unique, counts = np.unique(values, return_counts=True)
        by_rank = ndtri((np.cumsum(counts) - 0.5) / len(values))
        linear = (unique - self._median) / self._scale
        self._known = unique
        self._warped = np.where(linear < 0, np.minimum(by_rank, 0.0), linear)

    def __call__(self, score: float) -> float:
        """Return the warped value of a score."""
        if score >= self._median:
            return (score - self._median) / self._scale
        return float(np.interp(score, self._known, self._warped))

    @property
    def lowest(self) -> float:
        """The warped value of the worst score."""
        return float(self._warped[0])

    def undo(self, warped: float) -> float:
        """Return the score that has this warped value."""
        if warped >= 0:
            return self._median + self._scale * warped
        return float(np.interp(warped, self._warped, self._known))


def log_expected_improvement(means: Vector, deviations: Vector, best: float) -> Vector:
    """Logarithm of the expected improvement over `best` (Jones 1998, doi:10.1023/A:1008306431147).

    On the log scale it still tells points apart where the improvement underflows (Ament 2023,
    arXiv:2310.20708).
    """
    z = (means - best) / deviations
    density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    mills = np.sqrt(np.pi / 2) * erfcx(-z / np.sqrt(2))  # cdf / pdf
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        factor = np.where(z > -1e3, 1 + z * mills, 0.0)
    tail = np.maximum(np.abs(z), 1.0) ** -2
    factor = np.where(np.isfinite(factor) & (factor > 1e-12), factor, tail)
    high = z > 20  # where the density underflows the improvement is the distance
    log_of_unit = np.where(high, np.log(np.maximum(z, 1)), density + np.log(factor))
    return np.asarray(np.log(deviations) + log_of_unit)
