"""What every strategy is tested with: some spaces, a made-up score and a loop without Ray."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from raynas.space import (
    Architecture,
    Cell,
    Choice,
    Pick,
    Record,
    Repeat,
    Space,
    When,
    choose,
    sample,
)
from raynas.strategies import STRATEGIES, Proposal, Result, Strategy


def branching(pick: Pick) -> Any:
    depth = choose(pick, "depth", [1, 2, 3], ordered=True)
    return [choose(pick, f"{i}/op", ["conv", "pool", "skip"]) for i in range(depth)]


SPACES: dict[str, Space] = {
    "nested": Repeat(
        Choice({"conv": Record(type="conv", kernel=Choice([3, 5])), "pool": Record(type="pool")}),
        1,
        4,
    ),
    "conditional": Record(
        optimizer=Choice(["adam", "sgd"]),
        momentum=When("optimizer", ["sgd"], Choice([0.0, 0.5, 0.9, 0.99], ordered=True)),
        width=Choice([8, 16, 32, 64], ordered=True),
        op=Choice(["conv", "pool", "skip"]),
    ),
    "function": branching,
    "ordered": Record({f"x{i}": Choice(range(5), ordered=True) for i in range(3)}),
    "cells": Record(cell=Cell(["none", "skip_connect", "conv", "pool"], 2), width=8),
}

SAMPLERS = [name for name, strategy in STRATEGIES.items() if not strategy.trains_supernets]
"""Strategies that try one architecture after the other, until the space is exhausted."""
CASES = [
    (name, label) for name in STRATEGIES for label in SPACES if name in SAMPLERS or label == "cells"
]
"""Each strategy with the spaces that it can search."""

SMALL: dict[str, dict[str, Any]] = {
    "evolution": {"population": 6, "tournament": 3},
    "bayesian": {"initial": 6, "candidates": 60},
    "pnas": {"beam": 4, "members": 1, "predictor_epochs": 3},
}
"""Options with which a strategy shows what it does within a few proposals."""

UNSEEDED = {"grid", "darts"}
"""Strategies whose proposals do not depend on the seed (a supernet's training does)."""
NEVER_TWICE = {"grid", "greedy", "bayesian", "pnas"}
"""Strategies that look into the history first and need not propose what is known."""


def make(name: str, space: Space, **options: Any) -> Strategy:
    return STRATEGIES[name](space, **{**SMALL.get(name, {}), **options})


def score_of(architecture: Architecture) -> float:
    """A number from 0 to 1 that is the same everywhere."""
    return int(architecture.id[:8], 16) / 16**8


def ask(strategy: Strategy) -> Proposal:
    proposal = strategy.ask()
    assert proposal is not None
    return proposal


def home(name: str, label: str = "ordered") -> Space:
    """The space of this label, or another one where the strategy cannot search it."""
    return SPACES[label if (name, label) in CASES else "cells"]


def derived_by(space: Space, proposal: Proposal) -> Architecture | None:
    """What the trial of a supernet comes to here; None for any other trial."""
    if proposal.supernet is None:
        return None
    return sample(space, np.random.default_rng(proposal.number))


def drive(
    strategy: Strategy, trials: int, score: Callable[[Architecture], float | None] = score_of
) -> list[Proposal]:
    """Propose and answer, one worker."""
    proposals = []
    for _ in range(trials):
        proposal = ask(strategy)
        derived = derived_by(strategy.space, proposal)
        result = score(proposal.architecture) if derived is None else None
        tell(strategy, proposal.number, result, derived=derived)
        proposals.append(proposal)
    return proposals


def tell(strategy: Strategy, number: int, score: float | None, **more: Any) -> None:
    strategy.tell(number, Result(score, **more))


Told = tuple[Proposal, float | None, bool, Architecture | None]
"""What a record says of a trial: proposal, score, whether it finished, what it derived."""


def recall(strategy: Strategy, told: Iterable[Told], asked: Iterable[Proposal] = ()) -> None:
    results = [(p, Result(score, finished, derived)) for p, score, finished, derived in told]
    strategy.recall(results, asked)


def over(strategy: Strategy) -> bool:
    """Whether it has nothing to propose any more."""
    return strategy.ask() is None and strategy.exhausted


def ids(proposals: list[Proposal]) -> list[str]:
    return [proposal.architecture.id for proposal in proposals]


def candidates(proposals: list[Proposal]) -> list[Proposal]:
    """All but the supernets, which are proposed again and again."""
    return [proposal for proposal in proposals if proposal.supernet is None]


def first_proposals() -> str:
    """The start of each strategy on each space, as JSON; the same in every process."""
    return json.dumps(
        {
            f"{name} {label}": ids(drive(make(name, SPACES[label], seed=3), 12))
            for name, label in CASES
        }
    )
