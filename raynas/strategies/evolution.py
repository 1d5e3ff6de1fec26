"""Regularized (aging) evolution."""

from typing import Any

import numpy as np

from raynas.space import Space, crossover, mutate, sample
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.checks import check_count
from raynas.strategies.duplicates import Deduplicate
from raynas.strategies.proposal import Evaluation, Proposal, best_of


class RegularizedEvolution(Strategy):
    """Mutates the best of a tournament; the oldest dies (Real 2019, arXiv:1802.01548, Alg. 1).

    Steady state: every result enters the population as it comes in, no generation waits for the
    slowest. Two additions: crossover as an option, and a duplicate child re-enters the population
    with its known score instead of being trained again; after every `REPEATS` duplicates in a row
    children are mutated once more, since all that is one mutation away may be known.
    """

    REPEATS = 5
    """Duplicates in a row after which one more decision is changed."""

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
        population: int = 100,
        tournament: int = 25,
        crossover: float = 0.0,
    ) -> None:
        """Take the paper's options.

        `population` (P) is the number of the latest evaluations that may become parents,
        `tournament` (S) how many of them are drawn, with replacement, to find a parent, and
        `crossover` the chance that a child has two parents.

        Raises:
            ValueError: population or tournament below 1, or crossover outside 0..1.
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        check_count(population=population, tournament=tournament)
        if not 0 <= crossover <= 1:
            raise ValueError(f"crossover: expected a chance from 0 to 1, got {crossover}")
        self.population = population
        self.tournament = tournament
        self.crossover = crossover

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Shrink the population, which is drawn at random, to a fifth of the trials.

        The paper's 100 of its 20,000 trials would be all of a short run.
        """
        population = min(100, max(4, trials // 5))
        return {"population": population, "tournament": max(2, population // 4)}

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Draw until the population is full, then mutate the winner of a tournament."""
        population = self.latest(self.population)
        if not population or len(population) + len(self.pending) < self.population:
            return Proposal(sample(self.space, rng))
        parents = [self._winner(population, rng)]
        child = parents[0].architecture
        if rng.random() < self.crossover:
            parents.append(self._winner(population, rng))
            child = crossover(self.space, child, parents[1].architecture, rng)
        for _ in range(1 + self._trailing_repeats() // self.REPEATS):
            child = mutate(self.space, child, rng)
        return Proposal(child, parents=tuple(parent.number for parent in parents))

    def _trailing_repeats(self) -> int:
        """Count the duplicates that the next proposal has run through."""
        new = (e for e in enumerate(reversed(self.history)) if not e[1].repeated)
        return next(new, (len(self.history), None))[0]

    def _winner(self, population: list[Evaluation], rng: np.random.Generator) -> Evaluation:
        drawn = rng.integers(len(population), size=self.tournament)
        return best_of([population[i] for i in drawn])
