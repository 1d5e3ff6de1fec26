"""Pickers over the walk: sample, replay, mutate, cross, neighbours, enumerate, size.

Each takes the space first and works for every space, nested and conditional ones included: a
decision that the walk does not reach is not asked, one that it newly reaches is drawn at random.
What the space finds not legal (`Infeasible`) is drawn again, or passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from numbers import Integral

import numpy as np

from raynas.space.architecture import Architecture
from raynas.space.checks import TOO_DEEP, shown
from raynas.space.decision import Decision, Pick, Space
from raynas.space.infeasible import Infeasible, until_legal
from raynas.space.nodes import Node


def walk(space: Space, pick: Pick) -> tuple[Architecture, list[Decision]]:
    """Walk a space with any picker; return the architecture and the decisions in order.

    Raises:
        ValueError: the picker answers with no legal index, the space asks one path twice, or is
            nested too deeply.
        Infeasible: the space finds the picks not legal.
    """
    picks: dict[str, int] = {}
    decisions: list[Decision] = []

    def asked(decision: Decision) -> int:
        answer = pick(decision)
        whole = type(answer) is int or isinstance(answer, Integral)  # the second takes its time
        if not whole or not 0 <= answer < len(decision.options):
            last = len(decision.options) - 1
            raise ValueError(f"at {decision.path!r}: pick must be 0..{last}, got {shown(answer)}")
        if decision.path in picks:
            raise ValueError(f"the space asks {decision.path!r} twice; every path must be unique")
        picks[decision.path] = index = int(answer)
        decisions.append(decision)
        return index

    try:
        value = space(asked)
    except Infeasible as error:
        error.decisions, error.picks = decisions, picks
        raise
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
    """Draw every decision uniformly.

    Raises:
        Infeasible: nothing legal comes in `DRAWS` draws.
    """
    return until_legal(lambda: walk(space, _random(rng))[0])


def first_of(space: Space) -> Architecture:
    """Return the architecture of first options, or where that is not legal one drawn.

    Raises:
        Infeasible: nothing legal comes in `DRAWS` draws.
    """
    try:
        return walk(space, _first)[0]
    except Infeasible:
        return sample(space, np.random.default_rng(0))


def _first(decision: Decision) -> int:
    return 0


VARIATIONS = 20
"""Variations in a row that are not legal before one more decision is changed."""
MOST_CHANGES = 10
"""Changes that are tried before an architecture is drawn anew."""


def vary(
    space: Space, change: Callable[[int], Architecture], changes: int, rng: np.random.Generator
) -> Architecture:
    """Return `change(changes)`, with more changes where nothing legal comes of it.

    What is legal may be far from anything else that is: in the end it is drawn anew.
    """
    for count in range(changes, changes + MOST_CHANGES):
        try:
            return until_legal(lambda count=count: change(count), VARIATIONS)  # type: ignore[misc]  # mypy: default of a lambda
        except Infeasible:
            continue
    return sample(space, rng)


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
    architecture of a space without a second one is returned as it is. Where no such change is legal
    several decisions are changed.
    """
    open_decisions = [d for d in decisions_of(space, architecture) if len(d.options) > 1]
    if not open_decisions:
        return architecture

    def change(count: int) -> Architecture:
        picks = dict(architecture.picks)
        for _ in range(count):
            decision = open_decisions[rng.integers(len(open_decisions))]
            step = 1 + int(rng.integers(len(decision.options) - 1))
            picks[decision.path] = (picks[decision.path] + step) % len(decision.options)
        return walk(space, _replaying(picks, _random(rng)))[0]

    return vary(space, change, 1, rng)


def crossover(
    space: Space, first: Architecture, second: Architecture, rng: np.random.Generator
) -> Architecture:
    """Take each decision from either parent with equal chance (uniform crossover, Syswerda 1989).

    A decision that only one parent answered comes from that one; one that neither did is drawn.
    Where nothing legal comes of it the child is the first parent.
    """
    drawn = _random(rng)
    one = _replaying(first.picks, _replaying(second.picks, drawn))
    other = _replaying(second.picks, _replaying(first.picks, drawn))

    def mix(decision: Decision) -> int:
        return (one if rng.random() < 0.5 else other)(decision)

    try:
        return until_legal(lambda: walk(space, mix)[0], VARIATIONS)
    except Infeasible:
        return first


def neighbours(
    space: Space, architecture: Architecture, rng: np.random.Generator | None = None
) -> Iterator[Architecture]:
    """Yield every architecture that differs in one decision, in the order of the walk.

    Decisions that a change newly opens take their first option, or are drawn where `rng` is given.
    Of changes that are not legal none is yielded.
    """
    opened, draws = (_first, 1) if rng is None else (_random(rng), VARIATIONS)
    for decision in decisions_of(space, architecture):
        for index in range(len(decision.options)):
            if index != architecture.picks[decision.path]:
                pick = _replaying({**architecture.picks, decision.path: index}, opened)
                try:
                    neighbour = until_legal(lambda pick=pick: walk(space, pick)[0], draws)  # type: ignore[misc]  # mypy: default of a lambda
                except Infeasible:
                    continue
                if neighbour != architecture:
                    yield neighbour


def enumerate_all(space: Space, after: Architecture | None = None) -> Iterator[Architecture]:
    """Yield every walk of the space, or those that follow `after`; the last decision is fastest."""
    return (architecture for architecture in every_walk(space, after) if architecture is not None)


def every_walk(space: Space, after: Architecture | None = None) -> Iterator[Architecture | None]:
    """Yield what `enumerate_all` does, and None for each walk that the space ends as not legal."""
    prefix: list[int] | None = []
    if after is not None:
        prefix = _successor(list(after.picks.values()), decisions_of(space, after))
    while prefix is not None:
        answers = iter(prefix)
        try:
            architecture, decisions = walk(space, lambda _, answers=answers: next(answers, 0))  # type: ignore[misc]  # mypy: default of a lambda
        except Infeasible as error:
            yield None
            prefix = _successor(list(error.picks.values()), error.decisions)
        else:
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
    walking it, without what is not legal; where it has more than `limit` walks the answer is None.

    Raises:
        ValueError: it is nested too deeply.
    """
    if isinstance(space, Node):
        try:
            return space.size()
        except RecursionError:
            raise ValueError(TOO_DEEP) from None
    walks = legal = 0
    for architecture in islice(every_walk(space), limit + 1):
        walks += 1
        legal += architecture is not None
    return legal if walks <= limit else None
