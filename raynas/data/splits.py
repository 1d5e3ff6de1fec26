"""Drawing rows by label: the same share of each class."""

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def draw_stratified(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Draw `count` rows so that each class keeps its share; returns sorted row numbers.

    A class gets its share rounded down, the classes with the largest remainders one row more. A
    class is used up, and one of a single row touched, only if nothing else is left to draw.

    Raises:
        ValueError: there are fewer than `count` rows.
    """
    if count > len(labels):
        raise ValueError(f"count: expected at most the {len(labels)} rows, got {count}")
    classes, sizes = np.unique(labels, return_counts=True)
    quotas = sizes * count / max(1, len(labels))
    counts = np.floor(quotas).astype(np.int64)
    while left := count - counts.sum():
        spare = sizes - counts
        spare -= np.minimum(spare, 1) if (spare > 1).any() else 0  # the last row of a class stays
        by_need = np.lexsort((counts - quotas, spare == 0))[: np.count_nonzero(spare)]
        more = max(1, left // len(by_need))
        counts[by_need[:left]] += np.minimum(spare[by_need[:left]], more)
    drawn = [
        rng.permutation(np.flatnonzero(labels == label))[:n]
        for label, n in zip(classes, counts, strict=True)
    ]
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, dtype=np.int64)


def split_stratified(
    labels: Indices, fractions: dict[str, float], rng: np.random.Generator
) -> dict[str, Indices]:
    """Divide all rows among the splits in `fractions` and "train", which gets what is left.

    Each fraction is of all rows. The splits are disjoint, and each has about the same share of
    every class.
    """
    left = np.arange(len(labels))
    splits = {}
    for split, fraction in fractions.items():
        count = min(round(fraction * len(labels)), len(left))
        drawn = draw_stratified(labels[left], count, rng)
        splits[split] = left[drawn]
        left = np.delete(left, drawn)
    return {"train": left, **splits}
