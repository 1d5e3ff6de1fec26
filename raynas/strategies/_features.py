"""Architectures as vectors for surrogate models: one of what was picked, one of what it makes."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from raynas.space import Architecture, Decision, Space
from raynas.space.encoding import discover
from raynas.strategies._structure import Words, words_of

Matrix = npt.NDArray[np.float64]


class Features:
    """Encodes architectures of a space in two groups: their decisions, their structure.

    In the first, squared distance counts the decisions that differ (Hamming): 1 for another option,
    for an ordered decision from near 1/2 for its neighbour to 1 from end to end, and 1/2 where only
    one asks. In the second, columns are square roots of the counts of `words_of`.
    """

    def __init__(self, space: Space) -> None:
        """Find the decisions of the space."""
        self._decisions = {decision.path: decision for decision in discover(space)}
        self._known: dict[str, tuple[Words, Words]] = {}

    def words(self, architecture: Architecture) -> tuple[Words, Words]:
        """Return the weighted words of an architecture, one dict a group."""
        known = self._known.pop(architecture.id, None)
        if known is None:
            picked: Words = {}
            for path, index in architecture.picks.items():
                _add_decision(picked, path, index, self._decisions.get(path))
            structure = {w: count**0.5 for w, count in words_of(architecture.value).items()}
            known = picked, structure
        self._known[architecture.id] = known
        return known

    def forget(self, keep: int) -> None:
        """Drop the encodings that were not asked for lately, but for the last `keep`."""
        for name in list(self._known)[:-keep]:
            del self._known[name]


class Vocabulary:
    """The columns that some architectures need, and any architecture's row in them."""

    def __init__(self, features: Features, architectures: Iterable[Architecture]) -> None:
        """Give each word of these architectures a column."""
        self._features = features
        self._columns: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for architecture in architectures:
            for columns, words in zip(self._columns, features.words(architecture), strict=True):
                for word in words:
                    columns.setdefault(word, len(columns))

    def __call__(self, architectures: Sequence[Architecture]) -> list[Matrix]:
        """Encode them, one matrix (architectures, columns + 1) a group.

        The last column is the length of what has no column, so distances to the architectures that
        made the vocabulary (which have 0 there) are exact.
        """
        encoded = [self._features.words(architecture) for architecture in architectures]
        return [
            _matrix([words[group] for words in encoded], columns)
            for group, columns in enumerate(self._columns)
        ]


def _add_decision(words: Words, path: str, index: int, decision: Decision | None) -> None:
    if decision is None or not decision.ordered:
        words[f"{path}={index}"] = 0.5**0.5
        return
    words[f"{path}={index}"] = 0.5
    step = (0.5 / max(1, len(decision.options) - 1)) ** 0.5
    for passed in range(index):
        words[f"{path}>{passed}"] = step


def _matrix(rows: list[Words], columns: dict[str, int]) -> Matrix:
    matrix = np.zeros((len(rows), len(columns) + 1))
    for place, row in enumerate(rows):
        missing = 0.0
        for word, weight in row.items():
            column = columns.get(word)
            if column is None:
                missing += weight**2
            else:
                matrix[place, column] = weight
        matrix[place, -1] = missing**0.5
    return matrix
