"""What a strategy proposes, and the answer that it gets."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from raynas.options.supernet_options import SupernetPlan
from raynas.space import Architecture
from raynas.space.architecture import parse_json


@dataclasses.dataclass(frozen=True)
class Proposal:
    """An architecture to evaluate.

    `number` counts proposals from 0. `parents` are the numbers of the trials it was made from.
    `repeats` are the numbers of the earlier trials that answered, without training, the duplicates
    that the strategy proposed on the way to this one. `notes` is what the strategy has to say about
    it (a predicted score, say): JSON data, kept in the run's record. `variants` has, by their place
    in `repeats`, those duplicates that were not the earlier trial's very architecture. `known` is
    how many results there were when it was asked for; `infeasible` counts the picks that the space
    found not legal meanwhile.

    `supernet` makes it a supernet's trial: `architecture` is then a relaxed space (see
    `raynas.space.relaxation`), and `supernet` how to train it. Such a trial is answered with the
    architecture that was derived.
    """

    architecture: Architecture
    parents: tuple[int, ...] = ()
    number: int = -1
    repeats: tuple[int, ...] = ()
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
    variants: dict[int, Architecture] = dataclasses.field(default_factory=dict)
    supernet: SupernetPlan | None = None
    known: int = 0
    infeasible: int = dataclasses.field(default=0, compare=False)


@dataclasses.dataclass(frozen=True)
class Result:
    """What came out of a proposal's trial.

    `score` is the metric as reported, None (or not finite) where the trial failed. `finished` is
    False where it was stopped early: the score is what it had reached. `derived` is the
    architecture that a supernet came to.
    """

    score: float | None
    finished: bool = True
    derived: Architecture | None = None


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """An answer to a proposal.

    `score` is higher for better whatever the metric's mode, and None where the trial failed, or was
    a supernet's: that has `derived`, an architecture of the space, and no score to compare.
    `finished` is False where the trial was stopped early: the score is what it had reached.
    `repeat` counts, from 1, the duplicates that one proposal ran through and that were answered
    from history; 0 is a result. `notes` are those of the proposal.
    """

    number: int
    architecture: Architecture
    score: float | None
    finished: bool = True
    repeat: int = 0
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
    derived: Architecture | None = None

    @property
    def repeated(self) -> bool:
        """Whether it is a duplicate that was answered from history."""
        return self.repeat > 0

    @property
    def standing(self) -> tuple[int, float]:
        """Sorts evaluations: a failure is below one stopped early, and that below any finished.

        What a trial had reached in few epochs says nothing against one that was let go on.
        """
        return (0, 0.0) if self.score is None else (1 + self.finished, self.score)


def variants_to_json(variants: Mapping[int, Architecture]) -> str:
    """Write a proposal's `variants` as JSON text."""
    return json.dumps({place: variant.to_json() for place, variant in variants.items()})


def variants_from_json(text: str) -> dict[int, Architecture]:
    """Read back what `variants_to_json` wrote."""
    return {int(place): Architecture.from_json(one) for place, one in parse_json(text).items()}


def best_of(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Return the finished evaluation with the highest score, the earliest among equals.

    One that was stopped early is the best only where none is finished.
    """
    return max(evaluations, key=lambda e: e.standing)


def spread_out(evaluations: list[Evaluation], count: int) -> list[Evaluation]:
    """Choose `count` of the evaluations: the best third and, evenly spread in time, others."""
    if len(evaluations) <= count:
        return evaluations
    order = sorted(range(len(evaluations)), key=lambda i: _failed_last(evaluations[i]))
    chosen = set(order[: count // 3])
    others = [i for i in range(len(evaluations)) if i not in chosen]
    chosen |= {others[i] for i in np.linspace(0, len(others) - 1, count - len(chosen)).astype(int)}
    return [evaluations[i] for i in sorted(chosen)]


def _failed_last(evaluation: Evaluation) -> tuple[bool, float]:
    return evaluation.score is None, -(evaluation.score or 0.0)
