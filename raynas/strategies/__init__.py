"""Which architecture next: one file a strategy, and the table of all of them."""

from raynas.strategies.base import Mode, Strategy, as_config, read_result
from raynas.strategies.evolution import RegularizedEvolution
from raynas.strategies.proposal import Evaluation, Proposal
from raynas.strategies.random import RandomSearch

STRATEGIES: dict[str, type[Strategy]] = {
    "random": RandomSearch,
    "evolution": RegularizedEvolution,
}

__all__ = [
    "STRATEGIES",
    "Evaluation",
    "Mode",
    "Proposal",
    "RandomSearch",
    "RegularizedEvolution",
    "Strategy",
    "as_config",
    "read_result",
]
