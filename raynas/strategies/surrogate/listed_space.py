"""A space small enough to be listed, encoded once."""

from collections.abc import Sequence, Set
from contextlib import suppress
from itertools import islice
from weakref import WeakKeyDictionary

import numpy as np

from raynas.space import Architecture, Space, every_walk
from raynas.space.infeasible import CountedSpace
from raynas.space.nodes import Node
from raynas.strategies.surrogate.features import Features, Vocabulary
from raynas.strategies.surrogate.gaussian_process import Kernel, Rows


class ListedSpace:
    """Every architecture of a space with its features."""

    def __init__(self, architectures: Sequence[Architecture], features: Features) -> None:
        """Encode them."""
        self._architectures = architectures
        self._places = {a.id: place for place, a in enumerate(architectures)}
        self._groups = Vocabulary(features, architectures)(architectures)

    def __call__(self, architectures: Sequence[Architecture]) -> list[Rows]:
        """Return the rows of some of its architectures, one table a group."""
        places = [self._places[a.id] for a in architectures]
        return [group[places] for group in self._groups]

    def candidates(
        self,
        kernel: Kernel,
        parents: Sequence[Architecture],
        closed: Set[str],
        rng: np.random.Generator,
        *,
        near: int = 60,
        drawn: int = 1000,
    ) -> list[Architecture]:
        """Return the `near` closest to each parent and `drawn` others, without what is closed."""
        free = np.ones(len(self._architectures), dtype=bool)
        free[[self._places[name] for name in closed]] = False
        places = np.flatnonzero(free)
        if len(places) > near * len(parents) + drawn:
            far = -kernel(self(parents), self._groups)
            far[:, ~free] = np.inf
            chosen = np.argpartition(far, near, axis=1)[:, :near].ravel()
            others = rng.choice(places, drawn, replace=False)
            places = np.unique(np.concatenate([chosen, others]))
        return [self._architectures[int(place)] for place in places]


_LARGE: "WeakKeyDictionary[Space, int]" = WeakKeyDictionary()
"""Spaces that are functions and too large to be listed, with how far they were counted."""


def list_space(space: Space, limit: int, features: Features) -> ListedSpace | None:
    """List a space of at most `limit` walks; None if it has more."""
    plain = space.plain if isinstance(space, CountedSpace) else space
    if isinstance(plain, Node):
        if plain.size() > limit:
            return None
    elif _known_to_have(plain) > limit:
        return None
    walked = list(islice(every_walk(plain), limit + 1))
    if len(walked) > limit:
        with suppress(TypeError):
            _LARGE[plain] = len(walked)
        return None
    legal = {a.id: a for a in walked if a is not None}
    return ListedSpace(list(legal.values()), features)


def _known_to_have(space: Space) -> int:
    """Return how many walks a space had when they were counted, 0 where nobody has."""
    try:
        return _LARGE.get(space, 0)
    except TypeError:  # it cannot be the key of anything
        return 0
