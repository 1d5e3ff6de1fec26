"""Architectures as vectors for surrogate models: what was picked, what it makes, in what order."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from raynas.space import Architecture, Decision, Space
from raynas.space.encoding import discover
from raynas.strategies._structure import Words, words_of

Matrix = npt.NDArray[np.float64]


class Features:
    """Encodes architectures of a space in three groups: decisions, parts, order of the parts.

    In the first, squared distance counts the decisions that differ (Hamming): 1 for another option,
    for an ordered decision from near 1/2 for its neighbour to 1 from end to end, and 1/2 where only
    one asks. In the others, columns are square roots of the counts of `words_of`; the parts also
    sum up, over ordered decisions whose paths are alike but for numbers, how far each goes.
    """

    def __init__(self, space: Space) -> None:
        """Find the decisions of the space."""
        self._decisions = {decision.path: decision for decision in discover(space)}
        kinds = Counter(_kind(path) for path in self._decisions)
        self._repeated = {kind for kind, count in kinds.items() if count > 1}
        self._known: dict[str, tuple[Words, ...]] = {}

    def words(self, architecture: Architecture) -> tuple[Words, ...]:
        """Return the weighted words of an architecture, one dict a group."""
        known = self._known.pop(architecture.id, None)
        if known is None:
            picked: Words = {}
            parts, order = words_of(architecture.value)
            for path, index in architecture.picks.items():
                decision = self._decisions.get(path)
                _add_decision(picked, path, index, decision)
                if decision and decision.ordered and _kind(path) in self._repeated:
                    for passed in range(index):
                        word = f"{_kind(path)}>{passed}"
                        parts[word] = parts.get(word, 0) + 1 / len(decision.options)
            known = picked, *({w: c**0.5 for w, c in group.items()} for group in (parts, order))
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
        self._columns: tuple[dict[str, int], ...] = ({}, {}, {})
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


def _kind(path: str) -> str:
    """Return a path without its numbers: what decisions of one kind share."""
    return re.sub("[0-9]+", "#", path)


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
