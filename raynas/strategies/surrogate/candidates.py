"""Where a surrogate model looks for the next architecture."""

from collections.abc import Callable, Sequence, Set

import numpy as np
import numpy.typing as npt

from raynas.space import (
    Architecture,
    Decision,
    Space,
    crossover,
    decisions_of,
    sample,
    vary,
    walk,
)

Score = Callable[[Sequence[Architecture]], npt.NDArray[np.float64]]


def around(
    space: Space, parents: Sequence[Architecture], count: int, rng: np.random.Generator
) -> list[Architecture]:
    """Draw `count` architectures: a third at random, the others mutated or crossed from parents.

    A mutation changes one decision, or two or three with falling chance.
    """
    drawn = [sample(space, rng) for _ in range(count // 3 if parents else count)]
    asked = [decisions_of(space, parent) for parent in parents]
    while len(drawn) < count:
        place = int(rng.integers(len(parents)))
        child, decisions = parents[place], asked[place]
        if rng.random() < 0.25:
            child = crossover(space, child, parents[int(rng.integers(len(parents)))], rng)
            decisions = decisions_of(space, child)
        drawn.append(_change(space, child, decisions, min(3, int(rng.geometric(0.6))), rng))
    return drawn


def _change(
    space: Space,
    architecture: Architecture,
    decisions: Sequence[Decision],
    count: int,
    rng: np.random.Generator,
) -> Architecture:
    """Change `count` of an architecture's decisions; what this newly opens is drawn."""
    choices = [decision for decision in decisions if len(decision.options) > 1]

    def change(count: int) -> Architecture:
        picks = dict(architecture.picks)
        for place in rng.permutation(len(choices))[:count]:
            path, options = choices[place].path, len(choices[place].options)
            picks[path] = (picks[path] + 1 + int(rng.integers(options - 1))) % options

        def pick(decision: Decision) -> int:
            index, options = picks.get(decision.path), len(decision.options)
            return index if index is not None and index < options else int(rng.integers(options))

        return walk(space, pick)[0]

    return vary(space, change, count, rng)


def climb(
    space: Space,
    start: Sequence[Architecture],
    score: Score,
    closed: Set[str],
    rng: np.random.Generator,
    *,
    rounds: int = 2,
    beam: int = 5,
    children: int = 20,
) -> list[Architecture]:
    """Return `start` and mutations of the best, without what is `closed`, the highest scored first.

    Scores that agree in six digits tie, and the first one wins: so rounding does not decide what is
    proposed.
    """
    seen: dict[str, tuple[Architecture, float]] = {}
    fresh = _open(start, closed)
    for left in range(rounds, -1, -1):
        if fresh:
            scores = rounded(score(fresh)).tolist()
            seen.update((a.id, (a, s)) for a, s in zip(fresh, scores, strict=True))
        if not left:
            break
        best = sorted(seen.values(), key=lambda pair: -pair[1])[:beam]
        parents = [(a, decisions_of(space, a)) for a, _ in best]
        drawn = [_change(space, *parent, 1, rng) for parent in parents for _ in range(children)]
        fresh = _open(drawn, closed | seen.keys())
    return [a for a, _ in sorted(seen.values(), key=lambda pair: -pair[1])]


def rounded(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round scores to six digits."""
    return np.array([float(f"{score:.6g}") for score in scores])


def _open(architectures: Sequence[Architecture], closed: Set[str]) -> list[Architecture]:
    """Drop what is closed and what comes twice."""
    different = {a.id: a for a in architectures}
    return [a for name, a in different.items() if name not in closed]
