"""Progressive search: small architectures first, and a predictor that says which ones to grow."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Architecture, Space, sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Evaluation, Proposal, spread_out
from raynas.strategies.surrogate.candidates import around
from raynas.strategies.surrogate.growth import larger, smallest

FILLERS = 64
"""One block larger architectures looked through when workers wait for the end of a small level."""
REFINING = 10
"""Candidates per architecture to train, once nothing grows."""
POINTS = 1000
"""Evaluations that the predictor is fitted to."""


@dataclass(frozen=True)
class Level:
    """Candidates in the order in which to train them, and what ends the level.

    `predicted` maps identities to what the predictor said, None where the order is random; the
    level ends with the `quota`-th result of a candidate; `start` is how many results came before.
    """

    candidates: list[Architecture]
    predicted: dict[str, float | None]
    quota: int
    start: int
    refines: bool = False


class PnasOptions(StrategyOptions):
    """How wide the search is, and the ensemble that predicts."""

    beam: int = Field(
        256, ge=1, description="Architectures trained a level, and grown in the next (K)."
    )
    expansions: int = Field(
        2000,
        ge=1,
        description="How many are ranked at most, drawn from all expansions if these are more.",
    )
    members: int = Field(
        5,
        ge=1,
        description="Nets of each kind, MLP and LSTM, that predict (the paper: 5 of one kind).",
    )
    predictor_epochs: int = Field(20, ge=1, description="Passes of each over the results.")


class ProgressiveSearch(Strategy):
    """Trains the smallest, then the most promising of one block more (Liu 2018, arXiv:1712.00559).

    A level's candidates are all one-block expansions of the `beam` best of the level before, by the
    space's growing decisions, ranked by a predictor fitted to all results so far. Unlike the
    paper's, a level needs no barrier: it ends with its `beam`-th result, and until then free
    workers get its next best candidates. Once nothing can grow, and from the start where
    nothing ever grows, levels go on with mutations of the best of all, ranked in the same way.

    Notes: `level`, `predicted` (standard score) and `rank_correlations`, one for each level that
    has ended (None: it was not ranked): Spearman's, between what was predicted before the level was
    trained and what came out of it until it ended.
    """

    options_type = PnasOptions
    options: PnasOptions

    @takes(PnasOptions)
    def __init__(self, space: Space, options: PnasOptions) -> None:
        """Start with no level."""
        self.begin(space, options)

    def forget(self) -> None:
        """Plan the levels again."""
        self._levels: list[Level] = []
        self._correlations: list[float | None] = []  # of the levels that have ended
        self._looked = 0  # at how many results of those after the last level's start
        self._results = 0  # how many of them are of its candidates

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Grow a tenth of the trials; the paper's 256 of 1,160 would never grow in a short run."""
        return {"beam": min(256, max(4, trials // 10))}

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Take the next best candidate of the level, of an earlier one, or else a larger one."""
        self._advance(self.trained)
        for number in reversed(range(len(self._levels))):
            level = self._levels[number]
            for architecture in level.candidates:
                if self.is_new(architecture):
                    notes = {
                        "level": number,
                        "predicted": level.predicted[self.identity(architecture)],
                        "rank_correlations": list(self._correlations),
                    }
                    return Proposal(architecture, notes=notes)
        grown = larger(self.space, self._levels[-1].candidates[: self.options.beam], FILLERS, rng)
        return Proposal(next(filter(self.is_new, grown), None) or sample(self.space, rng))

    def _advance(self, trained: list[Evaluation]) -> None:
        """Plan the next level wherever results have ended one, from what was known at its end."""
        if not self._levels:
            first = self._different(smallest(self.space, self.options.beam, self._rng()), [])
            predicted = dict.fromkeys(map(self.identity, first))
            self._begin(Level(first, predicted, len(first), 0))
        while self._ended(trained):
            end = self._levels[-1].start + self._looked
            self._correlations.append(self._correlation(trained[:end]))
            self._begin(self._next_level(trained[:end]))

    def _begin(self, level: Level) -> None:
        self._levels.append(level)
        self._looked = self._results = 0

    def _ended(self, trained: list[Evaluation]) -> bool:
        """Look at further results until they end the level.

        One without candidates ends after `beam` results of any kind.
        """
        level = self._levels[-1]
        quota = level.quota or self.options.beam
        while self._results < quota and level.start + self._looked < len(trained):
            name = self.identity(trained[level.start + self._looked].architecture)
            self._looked += 1
            self._results += not level.candidates or name in level.predicted
        return self._results >= quota

    def _rng(self) -> np.random.Generator:
        """Make the generator of the level that is to be planned."""
        return np.random.default_rng([self.options.seed, len(self._levels), 1])

    def _next_level(self, trained: list[Evaluation]) -> Level:
        """Expand the best of the last level by one block; mutate the best where nothing grows."""
        rng, last = self._rng(), self._levels[-1]
        level: list[Architecture] = []
        if not last.refines:
            its = [e for e in trained if self.identity(e.architecture) in last.predicted]
            best = _best(its, self.options.beam)
            level = larger(
                self.space,
                best or last.candidates[: self.options.beam],
                self.options.expansions,
                rng,
            )
        refines = not level
        if refines:
            count = min(self.options.expansions, REFINING * self.options.beam)
            level = around(self.space, _best(trained, self.options.beam), count, rng)
        candidates = self._different(level, trained)
        scores = self._predict(trained, candidates)
        names = list(map(self.identity, candidates))
        predicted: dict[str, float | None] = dict.fromkeys(names)
        if scores:
            order = sorted(range(len(scores)), key=lambda place: -scores[place])
            candidates = [candidates[place] for place in order]
            predicted = {names[place]: scores[place] for place in order}
        quota = min(self.options.beam, len(candidates))
        return Level(candidates, predicted, quota, len(trained), refines)

    def _different(
        self, level: list[Architecture], trained: list[Evaluation]
    ) -> list[Architecture]:
        """Leave out duplicates, among those found and of what was trained."""
        closed = {self.identity(e.architecture) for e in trained}
        different: dict[str, Architecture] = {}
        for architecture in level:
            different.setdefault(self.identity(architecture), architecture)
        return [a for name, a in different.items() if name not in closed]

    def _predict(self, trained: list[Evaluation], candidates: list[Architecture]) -> list[float]:
        """Fit a predictor to the results and return its standard scores; [] if there are none.

        A failure counts as the worst, one stopped early as no better than any finished one.
        """
        from raynas.strategies.surrogate.ensemble import Ensemble, tokens_of
        from raynas.strategies.surrogate.warping import Warping

        alive = [e for e in trained if e.score is not None]
        if not alive or not candidates:
            return []
        observed = spread_out(trained, POINTS)
        warping = Warping([e.score for e in observed if e.score is not None])
        least = min((e.score or 0.0 for e in alive if e.finished), default=math.inf)
        scores = [
            warping.lowest
            if e.score is None
            else warping(e.score if e.finished else min(e.score, least))
            for e in observed
        ]
        ensemble = Ensemble(
            [tokens_of(self.space, e.architecture) for e in observed],
            np.array(scores),
            members=self.options.members,
            epochs=self.options.predictor_epochs,
            seed=self.options.seed + len(self._levels),
        )
        predicted = ensemble([tokens_of(self.space, a) for a in candidates])
        return [float(f"{score:.4g}") for score in predicted]

    def _correlation(self, trained: list[Evaluation]) -> float | None:
        """Spearman's rank correlation of the last level's predictions and results, if it has one.

        None below three, or where all are equal.
        """
        predicted = self._levels[-1].predicted
        pairs = [
            (score, e.score)
            for e in trained
            if (score := predicted.get(self.identity(e.architecture))) is not None
            and e.score is not None
            and e.finished
        ]
        if len(pairs) < 3:
            return None
        ranks = np.stack([_ranks(np.array(values)) for values in zip(*pairs, strict=True)])
        if (np.ptp(ranks, axis=1) == 0).any():
            return None
        return round(float(np.corrcoef(*ranks).flat[1]), 4)


def _best(evaluations: list[Evaluation], count: int) -> list[Architecture]:
    alive = [e for e in evaluations if e.score is not None]
    alive.sort(key=lambda e: e.standing, reverse=True)
    return [e.architecture for e in alive[:count]]


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ranks from 1, the mean rank where values are equal."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])
