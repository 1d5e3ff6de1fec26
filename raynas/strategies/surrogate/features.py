"""Architectures as vectors for surrogate models: what was picked, what it makes, in what order."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from raynas.space import Architecture, Decision, Space
from raynas.space.encoding import discover
from raynas.strategies.surrogate.gaussian_process import Rows
from raynas.strategies.surrogate.structure import Words, words_of

Weighted = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""The numbers of some words, and their weights."""


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
        kinds = {path: re.sub("[0-9]+", "#", path) for path in self._decisions}
        counts = Counter(kinds.values())
        self._repeated = {
            p: k for p, k in kinds.items() if counts[k] > 1 and self._decisions[p].ordered
        }
        self._options: dict[tuple[str, int], Weighted] = {}
        self._known: dict[str, list[Weighted]] = {}

    def words(self, architecture: Architecture) -> list[Weighted]:
        """Return the numbers and weights of an architecture's words, one pair a group."""
        known = self._known.pop(architecture.id, None)
        if known is None:
            parts, order = words_of(architecture.value)
            together = Counter(
                (self._repeated[path], index, len(self._decisions[path].options))
                for path, index in architecture.picks.items()
                if path in self._repeated
            )
            for (kind, index, options), count in together.items():
                for passed in range(index):
                    word = f"{kind}>{passed}"
                    parts[word] = parts.get(word, 0) + count / options
            picked = [self._picked(*pick) for pick in architecture.picks.items()]
            known = [_joined(picked), _weighted(parts), _weighted(order)]
        self._known[architecture.id] = known
        return known

    def _picked(self, path: str, index: int) -> Weighted:
        """Return the words of one decision; kept, for there are only so many."""
        if (path, index) not in self._options:
            words: Words = {}
            _add_decision(words, path, index, self._decisions.get(path))
            self._options[path, index] = _weighted(words)
        return self._options[path, index]

    def forget(self, keep: int) -> None:
        """Drop the encodings that were not asked for lately, but for the last `keep`."""
        for name in list(self._known)[:-keep]:
            del self._known[name]


class Vocabulary:
    """The columns that some architectures need, and any architecture's row in them."""

    def __init__(self, features: Features, architectures: Iterable[Architecture]) -> None:
        """Give each word of these architectures a column."""
        self._features = features
        known = zip(*map(features.words, architectures), strict=True)
        self._columns = [np.unique(_joined(group)[0]) for group in known]

    def __call__(self, architectures: Sequence[Architecture]) -> list[Rows]:
        """Encode them, one table a group.

        What has no column still counts in the squares, so distances to the architectures that made
        the vocabulary (which have none of it) are exact.
        """
        known = zip(*map(self._features.words, architectures), strict=True)
        return [_rows(group, columns) for group, columns in zip(known, self._columns, strict=True)]


def _add_decision(words: Words, path: str, index: int, decision: Decision | None) -> None:
    if decision is None or not decision.ordered:
        words[f"{path}={index}"] = 0.5
        return
    words[f"{path}={index}"] = 0.25
    step = 0.5 / max(1, len(decision.options) - 1)
    for passed in range(index):
        words[f"{path}>{passed}"] = step


def _weighted(counts: Words) -> Weighted:
    """Number words by a hash (Weinberger 2009, arXiv:0902.2206), so that no table of them grows."""
    numbers = np.array([crc32(word.encode()) for word in counts], dtype=np.int64)
    return numbers, np.sqrt(np.array([*counts.values()], dtype=np.float64))


def _joined(group: Sequence[Weighted]) -> Weighted:
    if not group:
        return _weighted({})
    return np.concatenate([n for n, _ in group]), np.concatenate([w for _, w in group])


def _rows(group: Sequence[Weighted], columns: npt.NDArray[np.int64]) -> Rows:
    numbers, weights = _joined(group)
    ends = np.cumsum([0, *(len(numbers) for numbers, _ in group)])
    places = np.searchsorted(columns, numbers)
    there = np.append(columns, -1)[places] == numbers
    starts = np.append(0, np.cumsum(there))[ends]
    matrix = csr_array((weights[there], places[there], starts), (len(group), len(columns)))
    return Rows(matrix, np.array([weights @ weights for _, weights in group]))
