"""Regularized (aging) evolution."""

from typing import Any

import numpy as np
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Space, crossover, mutate, sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Evaluation, Proposal, best_of


class EvolutionOptions(StrategyOptions):
    """The paper's options, and crossover."""

    population: int = Field(
        100, ge=1, description="How many of the latest evaluations may become parents (P)."
    )
    tournament: int = Field(
        25,
        ge=1,
        description="How many of them are drawn, with replacement, to find a parent (S).",
    )
    crossover: float = Field(
        0.0, ge=0, le=1, description="Chance that a child has two parents; 0 is the paper's."
    )


class RegularizedEvolution(Strategy):
    """Mutates the best of a tournament; the oldest dies (Real 2019, arXiv:1802.01548, Alg. 1).

    Steady state: every result enters the population as it comes in, no generation waits for the
    slowest. Two additions: crossover as an option, and a duplicate child re-enters the population
    with its known score instead of being trained again; after every `REPEATS` duplicates in a row
    children are mutated once more, since all that is one mutation away may be known.
    """

    options_type = EvolutionOptions
    options: EvolutionOptions

    REPEATS = 5
    """Duplicates in a row after which one more decision is changed."""

    @takes(EvolutionOptions)
    def __init__(self, space: Space, options: EvolutionOptions) -> None:
        """Start with an empty population."""
        self.begin(space, options)

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Shrink the population, which is drawn at random, to a fifth of the trials.

        The paper's 100 of its 20,000 trials would be all of a short run.
        """
        population = min(100, max(4, trials // 5))
        return {"population": population, "tournament": max(2, population // 4)}

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Draw until the population is full, then mutate the winner of a tournament."""
        population = self.latest(self.options.population)
        if not population or len(population) + len(self.pending) < self.options.population:
            return Proposal(sample(self.space, rng))
        parents = [self._winner(population, rng)]
        child = parents[0].architecture
        if rng.random() < self.options.crossover:
            parents.append(self._winner(population, rng))
            child = crossover(self.space, child, parents[1].architecture, rng)
        for _ in range(1 + self.repeats // self.REPEATS):
            child = mutate(self.space, child, rng)
        return Proposal(child, parents=tuple(parent.number for parent in parents))

    def _winner(self, population: list[Evaluation], rng: np.random.Generator) -> Evaluation:
        drawn = rng.integers(len(population), size=self.options.tournament)
        return best_of([population[i] for i in drawn])
