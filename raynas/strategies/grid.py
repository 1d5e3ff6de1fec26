"""Grid search: everything there is, in the space's own order."""

import math
from itertools import islice

import numpy as np

from raynas.space import Architecture, Decision, Space, enumerate_all, size, walk
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.checks import check_count
from raynas.strategies.duplicates import Deduplicate
from raynas.strategies.proposal import Proposal


class GridSearch(Strategy):
    """Takes every architecture once, in the order of the walk, the last decision changing fastest.

    Proposals do not depend on the seed. The first one notes the size of the space.
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
        largest: int = 1_000_000,
    ) -> None:
        """Refuse a space that no grid search will ever come to the end of.

        `largest` is the number of architectures up to which a space is accepted. With
        `duplicates=True` the search begins again at the end.

        Raises:
            ValueError: the space is larger; the message says how large it is.
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        check_count(largest=largest)
        self.largest = largest
        self.count, exact = count(space)
        if self.count > largest:
            raise ValueError(
                f"grid: the space has {'' if exact else 'about '}{self.count:,} architectures, and "
                f"grid search takes them all, one after the other, up to largest={largest:,}; take "
                "a smaller space, another strategy, or set largest if only its start is wanted"
            )
        self._last: Architecture | None = None

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Take the next one that is neither evaluated nor pending."""
        for architecture in enumerate_all(self.space, self._last):
            self._last = architecture
            if self.duplicates or self.is_new(architecture):
                notes = {} if self.next_number else {"size": self.count}
                return Proposal(architecture, notes=notes)
        if self.duplicates:
            self._last = next(enumerate_all(self.space))
            return Proposal(self._last)
        self.exhausted = True
        return None

    def drop(self, number: int) -> None:
        """Forget a pending proposal; it comes up again, out of order."""
        super().drop(number)
        self._last = None

    def restore(self, checkpoint_path: str) -> None:
        """Read what `save` wrote; what is known by then is passed over."""
        super().restore(checkpoint_path)
        self._last = None


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

    walks = islice(iter(lambda: walk(space, pick)[1], None), ESTIMATED)
    products = [math.prod(len(decision.options) for decision in walked) for walked in walks]
    return max(COUNTED + 1, sum(products) // ESTIMATED), False
