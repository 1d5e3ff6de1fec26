"""Progressive growth of architectures: the smallest of a space, and those one block larger."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from raynas.space import (
    Architecture,
    Decision,
    Infeasible,
    Pick,
    Space,
    decisions_of,
    every_walk,
    walk,
)


def smallest(space: Space, limit: int, rng: np.random.Generator) -> list[Architecture]:
    """Return the architectures without any growth, all if there are up to `limit`, in any order.

    In a space where nothing grows these are all of its architectures.
    """
    return _completions(space, {}, limit, rng)


def larger(
    space: Space, parents: Sequence[Architecture], limit: int, rng: np.random.Generator
) -> list[Architecture]:
    """Return what one more block makes of the parents: all of it, or at most `limit` drawn ones.

    One growing decision moves on by one option, all other picks stay, and what that newly opens is
    enumerated, except that nothing else grows.
    """
    steps = [picks for parent in parents for picks in _steps(space, parent)]
    grown: dict[str, Architecture] = {}
    for place, picks in enumerate(steps):
        share = -(-(limit - len(grown)) // (len(steps) - place))
        grown.update((a.id, a) for a in _completions(space, picks, share, rng))
        if len(grown) >= limit:
            break
    return list(grown.values())


def _steps(space: Space, architecture: Architecture) -> Iterator[dict[str, int]]:
    for decision in decisions_of(space, architecture):
        index = architecture.picks[decision.path]
        if decision.growing and index + 1 < len(decision.options):
            yield {**architecture.picks, decision.path: index + 1}


def _completions(
    space: Space, picks: Mapping[str, int], limit: int, rng: np.random.Generator
) -> list[Architecture]:
    """Answer what `picks` leaves open in every way, or in `limit` random ways if there are more.

    In fewer where most ways are not legal.
    """
    walks = list(islice(_every_way(space, picks), limit + 1))
    ways = [way for way in walks if way is not None]
    if len(walks) > limit:
        drawn = (_drawn_way(space, picks, rng) for _ in range(2 * limit))
        ways = list(islice({a.id: a for a in drawn if a is not None}.values(), limit))
    return [ways[place] for place in rng.permutation(len(ways))]


def _drawn_way(
    space: Space, picks: Mapping[str, int], rng: np.random.Generator
) -> Architecture | None:
    """Answer at random what `picks` leave open; None if that is not legal."""
    try:
        return walk(space, _holding(picks, lambda d: int(rng.integers(len(d.options)))))[0]
    except Infeasible:
        return None


def _every_way(space: Space, picks: Mapping[str, int]) -> Iterator[Architecture | None]:
    """Enumerate what `picks` leave open, which is a space of its own; the last changes fastest.

    None stands for a way that is not legal.
    """
    for way in every_walk(lambda pick: space(_holding(picks, pick))):
        yield way and walk(space, _holding({**picks, **way.picks}, _first))[0]


def _first(decision: Decision) -> int:
    return 0


def _holding(picks: Mapping[str, int], otherwise: Pick) -> Pick:
    """Follow `picks`; what they leave open does not grow if it could, else `otherwise` answers."""

    def pick(decision: Decision) -> int:
        index = picks.get(decision.path)
        if index is not None and index < len(decision.options):
            return index
        return 0 if decision.growing else otherwise(decision)

    return pick
