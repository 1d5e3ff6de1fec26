"""Differentiable search: one net that holds the whole space, and the architecture it comes to."""

from typing import ClassVar

import numpy as np

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.options.supernet_options import SupernetOptions
from raynas.space import Space
from raynas.space.relaxation import first_chain, mixtures, relax
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Proposal


class DartsOptions(SupernetOptions, StrategyOptions):
    """How the supernet is trained; the architecture that it derives is trained as any other."""


class Darts(Strategy):
    """Trains a supernet, then the architecture that it derives (Liu 2019, arXiv:1806.09055).

    A supernet is one trial, the derived architecture the next one, trained from scratch as any
    other; further trials are such pairs with other seeds. An architecture that was derived before
    is not trained again. A supernet without room for the trial of its architecture is not started.
    """

    trains_supernets: ClassVar[bool] = True
    EXHAUSTED: ClassVar[str] = (
        "After {done} trials, those left are too few for one more supernet and its architecture."
    )

    options_type = DartsOptions
    options: DartsOptions

    @takes(DartsOptions)
    def __init__(self, space: Space, options: DartsOptions) -> None:
        """Start with no supernet."""
        self.begin(space, options)

    def check_space(self) -> None:
        """Raise ValueError where the space cannot be relaxed, or not for what is asked."""
        relaxed = relax(self.space, channels_part=self.options.channels_part)
        if self.options.sampling and (chain := first_chain(relaxed.value)) is not None:
            raise ValueError(
                f"sampling (as in gdas) goes with cells only, and {chain!r} is a chain: the next "
                "layer's normalisation takes a sampled option's weight out again, and with it the "
                "gradient of the alphas"
            )

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Propose what a supernet derived, else one more supernet, where there is room for both."""
        pending = self.pending.values()
        for evaluation in self.history:
            derived = evaluation.derived
            if derived is not None and self.is_new(derived):
                return Proposal(derived, parents=(evaluation.number,))
        supernets = sum(proposal.supernet is not None for proposal in pending)
        if self.room is not None and self.room - supernets < 2:
            self.exhausted = not pending
            return None
        relaxed = relax(self.space, channels_part=self.options.channels_part)
        plan = self.options.planned(len(list(mixtures(relaxed.value))))
        return Proposal(relaxed, supernet=plan)
