"""Pickers over the walk: sample, replay, mutate, cross, neighbours, enumerate, size.

Each takes the space first and works for every space, nested and conditional ones included: a
decision that the walk does not reach is not asked, one that it newly reaches is drawn at random.
"""

from collections.abc import Iterator, Mapping
from numbers import Integral

import numpy as np

from raynas.space.architecture import Architecture
from raynas.space.checks import TOO_DEEP, shown
from raynas.space.decision import Decision, Pick, Space
from raynas.space.nodes import Node


def walk(space: Space, pick: Pick) -> tuple[Architecture, list[Decision]]:
    """Walk a space with any picker; return the architecture and the decisions in order.

    Raises:
        ValueError: the picker answers with no legal index, the space asks one path twice, or is
            nested too deeply.
    """
    picks: dict[str, int] = {}
    decisions: list[Decision] = []

    def asked(decision: Decision) -> int:
        answer = pick(decision)
        if not isinstance(answer, Integral) or not 0 <= answer < len(decision.options):
            last = len(decision.options) - 1
            raise ValueError(f"at {decision.path!r}: pick must be 0..{last}, got {shown(answer)}")
        if decision.path in picks:
            raise ValueError(f"the space asks {decision.path!r} twice; every path must be unique")
        picks[decision.path] = index = int(answer)
        decisions.append(decision)
        return index

    try:
        value = space(asked)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    return Architecture(value, picks), decisions


def _random(rng: np.random.Generator) -> Pick:
    return lambda decision: int(rng.integers(len(decision.options)))


def _replaying(picks: Mapping[str, int], otherwise: Pick) -> Pick:
    """Follow `picks` where they answer the decision, else ask `otherwise`."""

    def pick(decision: Decision) -> int:
        index = picks.get(decision.path)
        if index is None or index >= len(decision.options):
            return otherwise(decision)
        return index

    return pick


def sample(space: Space, rng: np.random.Generator) -> Architecture:
    """Draw every decision uniformly."""
    return walk(space, _random(rng))[0]


def replay(space: Space, picks: Mapping[str, int]) -> Architecture:
    """Build the architecture that these picks stand for.

    Raises:
        ValueError: a decision is missing, a pick is out of range, or a pick belongs to no decision.
    """
    return _follow(space, picks)[0]


def decisions_of(space: Space, architecture: Architecture) -> list[Decision]:
    """Return the decisions that this architecture answered, in the order of the walk.

    Raises:
        ValueError: it is no architecture of this space.
    """
    return _follow(space, architecture.picks)[1]


def _follow(space: Space, picks: Mapping[str, int]) -> tuple[Architecture, list[Decision]]:
    """Walk with exactly these picks."""
    if not isinstance(picks, Mapping):
        raise ValueError(f"picks must be a dict, an index for each path, got {shown(picks)}")

    def pick(decision: Decision) -> int:
        if decision.path not in picks:
            raise ValueError(
                f"no pick for {decision.path!r}; its options are {shown(list(decision.options))}"
            )
        return picks[decision.path]

    architecture, decisions = walk(space, pick)
    unused = sorted(set(picks) - set(architecture.picks), key=str)
    if unused:
        raise ValueError(
            f"the walk does not reach {unused[0]!r}; it reaches "
            f"{', '.join(architecture.picks) or 'no decision'}"
        )
    return architecture, decisions


def mutate(space: Space, architecture: Architecture, rng: np.random.Generator) -> Architecture:
    """Change one decision, drawn uniformly, to another of its options, drawn uniformly.

    Everything else stays; only decisions that the change newly opens are drawn (Real 2019,
    https://arxiv.org/abs/1802.01548, mutates one element of the cell in the same sense). The only
    architecture of a space without a second one is returned as it is.
    """
    open_decisions = [d for d in decisions_of(space, architecture) if len(d.options) > 1]
    if not open_decisions:
        return architecture
    decision = open_decisions[rng.integers(len(open_decisions))]
    step = 1 + int(rng.integers(len(decision.options) - 1))
    index = (architecture.picks[decision.path] + step) % len(decision.options)
    picks = {**architecture.picks, decision.path: index}
    return walk(space, _replaying(picks, _random(rng)))[0]


def crossover(
    space: Space, first: Architecture, second: Architecture, rng: np.random.Generator
) -> Architecture:
    """Take each decision from either parent with equal chance (uniform crossover, Syswerda 1989).

    A decision that only one parent answered comes from that one; one that neither did is drawn.
    """
    drawn = _random(rng)
    one = _replaying(first.picks, _replaying(second.picks, drawn))
    other = _replaying(second.picks, _replaying(first.picks, drawn))
    return walk(space, lambda decision: (one if rng.random() < 0.5 else other)(decision))[0]


def neighbours(
    space: Space, architecture: Architecture, rng: np.random.Generator | None = None
) -> Iterator[Architecture]:
    """Yield every architecture that differs in one decision, in the order of the walk.

    Decisions that a change newly opens take their first option, or are drawn where `rng` is given.
    """
    opened = _random(rng) if rng is not None else (lambda decision: 0)
    for decision in decisions_of(space, architecture):
        for index in range(len(decision.options)):
            if index != architecture.picks[decision.path]:
                picks = {**architecture.picks, decision.path: index}
                neighbour = walk(space, _replaying(picks, opened))[0]
                if neighbour != architecture:
                    yield neighbour


def enumerate_all(space: Space, after: Architecture | None = None) -> Iterator[Architecture]:
    """Yield every walk of the space, or those that follow `after`; the last decision is fastest."""
    prefix: list[int] | None = []
    if after is not None:
        prefix = _successor(list(after.picks.values()), decisions_of(space, after))
    while prefix is not None:
        answers = iter(prefix)
        architecture, decisions = walk(space, lambda _, answers=answers: next(answers, 0))  # type: ignore[misc]  # mypy: default of a lambda
        yield architecture
        prefix = _successor(list(architecture.picks.values()), decisions)


def _successor(indices: list[int], decisions: list[Decision]) -> list[int] | None:
    """Count up like an odometer; None after the last walk."""
    for place in reversed(range(len(indices))):
        if indices[place] + 1 < len(decisions[place].options):
            return [*indices[:place], indices[place] + 1]
    return None


def size(space: Space, limit: int = 1_000_000) -> int | None:
    """Count the walks of a space exactly.

    A space of nodes of any size is counted at once; one written as a function is counted by
    walking it, and where it has more than `limit` walks the answer is None.

    Raises:
        ValueError: it is nested too deeply.
    """
    if isinstance(space, Node):
        try:
            return space.size()
        except RecursionError:
            raise ValueError(TOO_DEEP) from None
    count = 0
    for _ in enumerate_all(space):
        count += 1
        if count > limit:
            return None
    return count
