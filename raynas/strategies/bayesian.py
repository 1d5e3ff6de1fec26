"""Bayesian optimisation with a Gaussian process over what is picked and what that makes."""

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Architecture, Space, replay, sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Proposal, spread_out
from raynas.strategies.surrogate.candidates import around, climb

if TYPE_CHECKING:
    from raynas.strategies.surrogate.belief import Belief, Surrogate

BEST = 10
"""Best evaluations around which to look."""
TOP = 64
"""Most promising candidates of which some are proposed."""
RESULTS_A_PLAN = 50
"""With each so many results one more proposal is planned at a time: one result changes less."""
LONGEST_PLAN = 8


class BayesianOptions(StrategyOptions):
    """How the process is fitted, and where the next architecture is sought."""

    initial: int = Field(10, ge=1, description="Random architectures to evaluate first.")
    candidates: int = Field(
        300,
        ge=1,
        description="How many are drawn around the best ones and at random; mutations of the most "
        "promising follow.",
    )
    exhaustive: int = Field(
        20_000, ge=0, description="A space of at most so many walks is listed instead."
    )
    points: int = Field(
        600,
        ge=1,
        description="Evaluations that the process holds at most: the best third and, evenly "
        "spread in time, others.",
    )


class BayesianOptimization(Strategy):
    """Proposes the largest expected improvement under a Gaussian process.

    The kernel sums one over the decisions (Hamming, or near options alike where ordered), one over
    the parts (how often each operation stands on a live path of a cell, or each layer in a chain)
    and one over their order: the live paths of cells without their identities, as in White 2021
    (BANANAS, arXiv:1910.11858), and the neighbours in chains. Steady state: pending architectures
    count as observed at their believed mean (kriging believer), so many workers spread out. A
    failed trial counts as the worst, one stopped early as an uncertain observation that is never
    the best so far. From 100 results on two proposals are made at a time, from 150 on three, and
    eight at most, so that a proposal costs no more than it did: the first one notes as `next` the
    picks and notes of those that follow.

    Notes: `predicted` and the `interval` in which 95 % of the results should lie, noise included,
    both in the metric's unit, and by how much it was `widened` since earlier ones held fewer. The
    interval does not reach beyond the worst result so far.
    """

    options_type = BayesianOptions
    options: BayesianOptions

    @takes(BayesianOptions)
    def __init__(self, space: Space, options: BayesianOptions) -> None:
        """Start with no belief."""
        self.begin(space, options)

    def forget(self) -> None:
        """Fit the process anew."""
        self._surrogate: Surrogate | None = None

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Draw the first ones, then maximise the expected improvement."""
        return self._planned() or self._plan(rng)

    def _planned(self) -> Proposal | None:
        """Return what an earlier proposal has planned for this one, if it is new still."""
        for back in range(1, LONGEST_PLAN):
            number = self.next_number - back
            earlier = self._numbered.get(number) or self.pending.get(number)
            plan = earlier.notes.get("next", []) if earlier else []
            if plan:
                if len(plan) < back:
                    return None
                picks, notes = plan[back - 1]
                architecture = replay(self.space, picks)
                new = self.is_new(architecture)
                return Proposal(architecture, notes=notes) if new else None
        return None

    def _plan(self, rng: np.random.Generator) -> Proposal:
        """Look for the most promising one, or several."""
        from raynas.strategies.surrogate.belief import Belief, Surrogate
        from raynas.strategies.surrogate.calibration import widening

        trained = self.trained
        finished = [e for e in trained if e.score is not None and e.finished]
        if len(trained) < self.options.initial or len(finished) < 2:
            return Proposal(sample(self.space, rng))
        if self._surrogate is None:
            self._surrogate = Surrogate(self.space, self.options.exhaustive)
        kernel = self._surrogate.kernel(trained, self.options.initial)
        pending = [p.architecture for p in self.pending.values()]
        belief = Belief(self._surrogate, kernel, spread_out(trained, self.options.points), pending)
        closed = self.closed
        finished.sort(key=lambda e: -(e.score or 0.0))
        best = [e.architecture for e in finished[:BEST]]
        if self._surrogate.listed:
            start = self._surrogate.listed.candidates(kernel, best, closed, rng)
            climbed = climb(self.space, start, belief.improvement, closed, rng, rounds=0)
        else:
            start = around(self.space, best, self.options.candidates, rng)
            climbed = climb(self.space, start, belief.improvement, closed, rng)
        if not climbed:
            return Proposal(sample(self.space, rng))
        count = min(LONGEST_PLAN, max(1, len(trained) // RESULTS_A_PLAN))
        if self.room is not None:
            count = max(1, min(count, self.room))
        sign = 1 if self.options.mode == "max" else -1
        widened = widening(trained, sign)
        planned = [
            (architecture, _notes(belief, architecture, widened, sign))
            for architecture in belief.together(climbed[:TOP], count)
        ]
        (first, notes), *others = planned
        if others:
            notes["next"] = [[other.picks, noted] for other, noted in others]
        return Proposal(first, notes=notes)


def _notes(
    belief: "Belief", architecture: Architecture, widened: float, sign: int
) -> dict[str, Any]:
    expected, *interval = (sign * score for score in belief.predict(architecture, widened))
    return {"predicted": expected, "interval": sorted(interval), "widened": widened}
