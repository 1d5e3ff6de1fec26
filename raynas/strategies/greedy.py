"""Greedy local search with restarts."""

import numpy as np

from raynas.space import Architecture, neighbours, sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Evaluation, Proposal, best_of


class GreedySearch(Strategy):
    """Evaluates all one-decision neighbours, moves to the best (White 2020, arXiv:2005.02960).

    Where no neighbour is better it starts anew from a random architecture. Neighbours that are
    known from an earlier climb cost nothing. No worker waits for the last neighbour: meanwhile
    those of the best neighbour so far are looked at, for that is where the climb will likely go on,
    and random architectures where there is no better one yet.
    """

    def forget(self) -> None:
        """Climb again from the first evaluation."""
        self._at: Evaluation | None = None  # where the climb is
        self._since = 0  # the place in history from which the next climb may start
        self._around: dict[str, list[Architecture]] = {}  # neighbourhoods by id, of the last few

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Take a neighbour that is not known yet, else a random architecture."""
        self._climb()
        for center in filter(None, (self._at, self._next())):
            for neighbour in self._neighbours(center.architecture):
                if self.is_new(neighbour):
                    return Proposal(neighbour, parents=(center.number,))
        return Proposal(sample(self.space, rng))

    def _climb(self) -> None:
        """Go as far as the history leads."""
        while True:
            if self._at is None:
                self._at = self._start()
            if self._at is None:
                return
            known = [self.known(a) for a in self._neighbours(self._at.architecture)]
            if None in known:
                return
            numbers = {evaluation.number for evaluation in known if evaluation is not None}
            for place in range(len(self.history) - 1, self._since - 1, -1):
                if self.history[place].number in numbers and not self.history[place].repeated:
                    self._since = place + 1
                    break
            self._at = self._next()

    def _start(self) -> Evaluation | None:
        """Find the first evaluation after the last climb; a climb starts there."""
        for place in range(self._since, len(self.history)):
            evaluation = self.history[place]
            if evaluation.score is not None and not evaluation.repeated:
                self._since = place + 1
                return evaluation
        return None

    def _next(self) -> Evaluation | None:
        """Find the best neighbour that is known and better."""
        if self._at is None:
            return None
        known = (self.known(a) for a in self._neighbours(self._at.architecture))
        best = best_of([self._at, *filter(None, known)])
        return None if best is self._at else best

    def _neighbours(self, center: Architecture) -> list[Architecture]:
        """List the different neighbours in an order of their own, the same whenever asked."""
        if center.id not in self._around:
            rng = np.random.default_rng([self.options.seed, int(center.id, 16)])
            different = dict.fromkeys(neighbours(self.space, center, rng))
            order = rng.permutation(len(different))
            if len(self._around) >= KEPT:
                del self._around[next(iter(self._around))]
            self._around[center.id] = [list(different)[place] for place in order]
        return self._around[center.id]


KEPT = 8
"""Neighbourhoods kept in memory; any can be listed again."""
