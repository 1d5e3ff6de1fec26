"""Grid search: everything there is, in the space's own order."""

import math

import numpy as np
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Architecture, Decision, Infeasible, Space, enumerate_all, size, walk
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Proposal


class GridOptions(StrategyOptions):
    """How far a grid may reach."""

    largest: int = Field(
        1_000_000,
        ge=1,
        description="Number of architectures up to which a space is accepted; set it where only "
        "the start of a larger one is wanted.",
    )


class GridSearch(Strategy):
    """Takes every architecture once, in the order of the walk, the last decision changing fastest.

    Proposals do not depend on the seed. The first one notes the size of the space. With
    `duplicates` the search begins again at the end.
    """

    options_type = GridOptions
    options: GridOptions

    @takes(GridOptions)
    def __init__(self, space: Space, options: GridOptions) -> None:
        """Refuse a space that no grid search will ever come to the end of.

        Raises:
            ValueError: the space is larger than `largest`; the message says how large it is.
        """
        self.begin(space, options)
        self.count, exact = count(space)
        if self.count > options.largest:
            raise ValueError(
                f"grid: the space has {'' if exact else 'about '}{self.count:,} architectures, and "
                "grid search takes them all, one after the other, up to "
                f"largest={options.largest:,}; take a smaller space, another strategy, or set "
                "largest if only its start is wanted"
            )

    def forget(self) -> None:
        """Begin at the start; what is known by then is passed over."""
        self._last: Architecture | None = None

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Take the next one that is neither evaluated nor pending."""
        if self.options.duplicates:
            self._last = self._proposed_last()
        for architecture in enumerate_all(self.space, self._last):
            self._last = architecture
            if self.options.duplicates or self.is_new(architecture):
                notes = {} if self.next_number else {"size": self.count}
                return Proposal(architecture, notes=notes)
        if self.options.duplicates:
            return Proposal(next(enumerate_all(self.space)))
        self.exhausted = True
        return None

    def _proposed_last(self) -> Architecture | None:
        asked = {e.number: e.architecture for e in self.history}
        asked |= {number: proposal.architecture for number, proposal in self.pending.items()}
        return asked[max(asked)] if asked else None


COUNTED = 10_000
"""Walks up to which a space that is a function is counted exactly."""
ESTIMATED = 2_000
"""Random walks from which the size of a larger one is estimated."""


def count(space: Space) -> tuple[int, bool]:
    """Return the number of a space's walks, and whether it is exact.

    One that is a function and has many is estimated: the mean over random walks of the product of
    their numbers of options (Knuth 1975, https://doi.org/10.2307/2005469).
    """
    exact = size(space, COUNTED)
    if exact is not None:
        return exact, True
    rng = np.random.default_rng(0)

    def pick(decision: Decision) -> int:
        return int(rng.integers(len(decision.options)))

    def product() -> int:
        try:
            return math.prod(len(decision.options) for decision in walk(space, pick)[1])
        except Infeasible:
            return 0

    products = [product() for _ in range(ESTIMATED)]
    return max(COUNTED + 1, sum(products) // ESTIMATED), False
