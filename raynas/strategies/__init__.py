"""Which architecture next: one file a strategy, and the table of all of them."""

from raynas.strategies.base import Strategy
from raynas.strategies.bayesian import BayesianOptimization
from raynas.strategies.darts import Darts
from raynas.strategies.evolution import RegularizedEvolution
from raynas.strategies.greedy import GreedySearch
from raynas.strategies.grid import GridSearch
from raynas.strategies.optuna import OptunaSearch
from raynas.strategies.pnas import ProgressiveSearch
from raynas.strategies.proposal import (
    Evaluation,
    Proposal,
    Result,
    variants_from_json,
    variants_to_json,
)
from raynas.strategies.random import RandomSearch
from raynas.strategies.reinforce import Reinforce

STRATEGIES: dict[str, type[Strategy]] = {
    "random": RandomSearch,
    "grid": GridSearch,
    "greedy": GreedySearch,
    "evolution": RegularizedEvolution,
    "reinforce": Reinforce,
    "tpe": OptunaSearch,
    "bayesian": BayesianOptimization,
    "pnas": ProgressiveSearch,
    "darts": Darts,
}

__all__ = [
    "STRATEGIES",
    "BayesianOptimization",
    "Darts",
    "Evaluation",
    "GreedySearch",
    "GridSearch",
    "OptunaSearch",
    "ProgressiveSearch",
    "Proposal",
    "RandomSearch",
    "RegularizedEvolution",
    "Reinforce",
    "Result",
    "Strategy",
    "variants_from_json",
    "variants_to_json",
]
