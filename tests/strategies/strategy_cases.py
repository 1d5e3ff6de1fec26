"""What every strategy is tested with: our table of them, and the loops of `raynas.testing`."""

from typing import Any

from raynas.space import Space
from raynas.strategies import STRATEGIES, Strategy
from raynas.testing.driving import (
    ask,
    candidates,
    completed,
    derived_by,
    drive,
    ids,
    mostly,
    over,
    recall,
    score_of,
    tell,
)
from raynas.testing.strategy_spaces import SPACES

__all__ = [
    "CASES",
    "NEVER_TWICE",
    "SAMPLERS",
    "SMALL",
    "SPACES",
    "UNSEEDED",
    "ask",
    "candidates",
    "completed",
    "derived_by",
    "drive",
    "home",
    "ids",
    "make",
    "mostly",
    "over",
    "recall",
    "score_of",
    "tell",
]

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


def home(name: str, label: str = "ordered") -> Space:
    """The space of this label, or another one where the strategy cannot search it."""
    return SPACES[label if (name, label) in CASES else "cells"]
