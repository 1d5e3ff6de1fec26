"""Random search: the baseline that every other strategy has to beat."""

import numpy as np

from raynas.space import sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Proposal


class RandomSearch(Strategy):
    """Draws each decision uniformly (Bergstra & Bengio 2012, https://jmlr.org/papers/v13/bergstra12a.html)."""

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Draw one architecture."""
        return Proposal(sample(self.space, rng))
