"""What a strategy proposes, and the answer that it gets."""

import dataclasses
from typing import Any

from raynas.space import Architecture


@dataclasses.dataclass(frozen=True)
class Proposal:
    """An architecture to evaluate.

    `number` counts proposals from 0. `parents` are the numbers of the trials it was made from.
    `repeats` are the numbers of the earlier trials that answered, without training, the duplicates
    that the strategy proposed on the way to this one. `notes` is what the strategy has to say about
    it (a predicted score, say): JSON data, kept in the run's record.
    """

    architecture: Architecture
    parents: tuple[int, ...] = ()
    number: int = -1
    repeats: tuple[int, ...] = ()
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """An answer to a proposal.

    `score` is higher for better whatever the metric's mode, and None where the trial failed.
    `finished` is False where the trial was stopped early: the score is what it had reached.
    `repeated` marks a duplicate that was answered from history.
    """

    number: int
    architecture: Architecture
    score: float | None
    finished: bool = True
    repeated: bool = False
