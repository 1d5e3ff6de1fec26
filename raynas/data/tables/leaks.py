"""Columns that give the label away: ids of a sorted file, row numbers, the label itself."""

import numpy as np
import numpy.typing as npt

from raynas.data.splits import Indices

SAMPLED = 2000
"""Rows that are looked at, evenly spaced."""
PAIRED = 1000
"""Rows of them that are compared in pairs."""
FEWEST = 10
"""With fewer rows beside the largest class there is too much chance in any answer."""
ALONE = 0.99
"""A column that tells so large a share of the labels tells them alone."""
IN_STEP = 0.95
"""Share of the pairs of rows with other labels that a column orders as the labels do."""
UNIQUE = 0.95
"""Share of different values from which a column of whole numbers is like an id."""


def leak(values: npt.NDArray[np.float64], labels: Indices) -> str | None:
    """Say how a column of numbers gives the labels away, or return None."""
    step = -(-len(labels) // SAMPLED) if len(labels) else 1
    sample, sampled_labels = values[::step], labels[::step]
    counts = np.bincount(sampled_labels) if len(sampled_labels) else np.zeros(1)
    others = len(sampled_labels) - counts.max()
    if others < FEWEST:
        return None
    wrong = _told_wrong(sample, sampled_labels)
    if wrong <= (1 - ALONE) * len(sample) and wrong <= others / 10:
        return f"alone tells the label of {100 * (1 - wrong / len(sample)):.3g} % of the rows"
    if (values % 1 == 0).all() and len(np.unique(values)) >= UNIQUE * len(values):
        few = slice(None, None, -(-len(sample) // PAIRED))
        share = _in_step(sample[few], sampled_labels[few])
        if max(share, 1 - share) >= IN_STEP:
            return "has another whole number in nearly each row, in step with the label"
    return None


def _told_wrong(values: npt.NDArray[np.float64], labels: Indices) -> int:
    """Count the rows whose label the rows nearest in value do not have.

    Those of the same value decide by their majority, where there are any; else one of the two
    neighbours must have the label.
    """
    order = np.lexsort((labels, values))
    ordered, classes = values[order], labels[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    group = np.repeat(np.arange(len(starts)), sizes)
    runs = np.flatnonzero(np.r_[True, (np.diff(group) != 0) | (np.diff(classes) != 0)])
    lengths = np.diff(np.r_[runs, len(ordered)])
    largest = np.lexsort((lengths, group[runs]))  # in each group the longest run comes last
    last = np.r_[np.diff(group[runs][largest]) != 0, True]
    majority = classes[runs[largest[last]]]
    right = classes == majority[group]
    single = sizes[group] == 1
    before = np.r_[-1, majority[:-1]][group]
    after = np.r_[majority[1:], -1][group]
    right[single] = ((before == classes) | (after == classes))[single]
    return int((~right).sum())


def _in_step(values: npt.NDArray[np.float64], labels: Indices) -> float:
    """Return the share of pairs with different labels whose values are in the same order."""
    rise = np.sign(labels[:, None] - labels[None, :])
    pairs = np.abs(rise).sum()
    same = (rise * np.sign(values[:, None] - values[None, :]) > 0).sum()
    return float(same / pairs) if pairs else 0.5
