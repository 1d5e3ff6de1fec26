"""Bayesian optimisation with a Gaussian process over what is picked and what that makes."""

from typing import TYPE_CHECKING

import numpy as np

from raynas.space import Space, sample
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.checks import check_count
from raynas.strategies.duplicates import Deduplicate
from raynas.strategies.proposal import Proposal, spread_out
from raynas.strategies.surrogate.candidates import around, climb

if TYPE_CHECKING:
    from raynas.strategies.surrogate.belief import Surrogate

BEST = 10
"""Best evaluations around which to look."""


class BayesianOptimization(Strategy):
    """Proposes the largest expected improvement under a Gaussian process.

    The kernel sums one over the decisions (Hamming, or near options alike where ordered), one over
    the parts (how often each operation stands on a live path of a cell, or each layer in a chain)
    and one over their order: the live paths of cells without their identities, as in White 2021
    (BANANAS, arXiv:1910.11858), and the neighbours in chains. Steady state: pending architectures
    count as observed at their believed mean (kriging believer), so many workers spread out. A
    failed trial counts as the worst, one stopped early as an uncertain observation that is never
    the best so far.

    Notes: `predicted` and the `interval` in which 95 % of the results should lie, both in the
    metric's unit; the interval does not reach beyond the worst result so far.
    """

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
        initial: int = 10,
        candidates: int = 300,
        exhaustive: int = 20_000,
        points: int = 600,
    ) -> None:
        """Take the options.

        `initial` is the number of random architectures to evaluate first. The next is sought among
        `candidates` drawn around the best ones and at random, then among mutations of the most
        promising; a space of at most `exhaustive` walks is listed instead. The process holds at
        most `points` evaluations: the best third and, evenly spread in time, others.

        Raises:
            ValueError: an option is no integer from 1 (`exhaustive`: from 0).
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        check_count(initial=initial, candidates=candidates, points=points)
        check_count(exhaustive=exhaustive + 1 if type(exhaustive) is int else exhaustive)
        self.initial = initial
        self.candidates = candidates
        self.exhaustive = exhaustive
        self.points = points
        self._surrogate: Surrogate | None = None

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Draw the first ones, then maximise the expected improvement."""
        from raynas.strategies.surrogate.belief import Belief, Surrogate

        trained = [e for e in self.history if not e.repeated]
        finished = [e for e in trained if e.score is not None and e.finished]
        if len(trained) < self.initial or len(finished) < 2:
            return Proposal(sample(self.space, rng))
        if self._surrogate is None:
            self._surrogate = Surrogate(self.space, self.exhaustive)
        kernel = self._surrogate.kernel(trained, self.initial)
        pending = [p.architecture for p in self.pending.values()]
        belief = Belief(self._surrogate, kernel, spread_out(trained, self.points), pending)
        closed = self.closed
        finished.sort(key=lambda e: -(e.score or 0.0))
        best = [e.architecture for e in finished[:BEST]]
        if self._surrogate.listed:
            start = self._surrogate.listed.candidates(kernel, best, closed, rng)
            found = climb(self.space, start, belief.improvement, closed, rng, rounds=0)
        else:
            start = around(self.space, best, self.candidates, rng)
            found = climb(self.space, start, belief.improvement, closed, rng)
        if found is None:
            return Proposal(sample(self.space, rng))
        sign = 1 if self.mode == "max" else -1
        expected, *interval = (sign * score for score in belief.predict(found))
        return Proposal(found, notes={"predicted": expected, "interval": sorted(interval)})
