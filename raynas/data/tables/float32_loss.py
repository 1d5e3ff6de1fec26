"""What of a column is left once it is stored and normalised in float32, as networks take it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from raynas.data.array_data import mean_and_std

SAMPLED = 10_000
"""Rows on which different values are counted at first; all are where values seem to be lost."""
KEPT = 0.9
"""With less than this share of its different values left, a column is said to lose them."""
TOLERANCE = 0.01
"""Such a loss counts where values have moved by so many standard deviations."""


class Loss(NamedTuple):
    """How many different values of a column there are, and how many are left in float32.

    `serious` where what is left does not stand for what was there.
    """

    before: int
    after: int
    serious: bool


def float32_loss(values: npt.NDArray[Any], exact: npt.NDArray[np.float64]) -> Loss | None:
    """Compare a column normalised in float64 with what a network sees of it.

    `values` are of any type that can be sorted, `exact` the same as float64, all finite and within
    the range of float32. Returns None where nothing is lost that matters.
    """
    if not len(exact):
        return None
    stored = exact.astype(np.float32)
    mean, std = mean_and_std(stored[:, None])
    seen = (stored - mean[0]) / std[0]
    step = -(-len(exact) // SAMPLED)
    if _different(seen[::step]) >= KEPT * _different(values[::step]):
        return None
    before, after = _different(values), _different(seen)
    centred = exact - exact.mean()
    scaled = centred / (centred.std() or 1.0)
    moved = float(np.abs(seen - scaled).max())
    if after >= KEPT * before:
        return None
    return Loss(before, after, serious=after < 2 or not moved <= TOLERANCE)


def _different(values: npt.NDArray[Any]) -> int:
    return len(np.unique(values))
