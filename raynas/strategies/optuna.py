"""Optuna's samplers, the tree-structured Parzen estimator first of all, as strategies."""

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import (
    Architecture,
    Infeasible,
    Space,
    decisions_of,
    mutate,
    sample,
    until_legal,
    walk,
)
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Proposal, spread_out

POINTS = 400
"""Evaluations that a sampler sees: the best and, evenly spread in time, others."""
WHOLE = ("BruteForceSampler", "CmaEsSampler", "NSGAIISampler", "NSGAIIISampler")
"""Samplers that need to see all of them."""
DEFAULT_SAMPLER = "TPESampler"
RANDOM_AT_FIRST = {
    "TPESampler": 10, "GPSampler": 10, "NSGAIISampler": 50, "NSGAIIISampler": 50,
}  # fmt: skip
"""How many proposals a sampler draws at random before it looks at results."""
NOTES = "optuna"
NOTING = ("CmaEsSampler", "NSGAIISampler", "NSGAIIISampler")
"""Samplers whose state is what they note on each trial."""
REFUSED = {
    "GridSampler": "it wants the space in its own form; strategy grid does the same",
    "PartialFixedSampler": "it wants another sampler",
    "QMCSampler": "its one sequence over the whole study cannot be continued from a history",
}


class OptunaOptions(StrategyOptions):
    """Which sampler, and how it models decisions."""

    sampler: str = Field(
        DEFAULT_SAMPLER,
        description="A sampler of `optuna.samplers` by name: TPESampler, GPSampler, "
        "NSGAIISampler, CmaEsSampler, …",
    )
    multivariate: bool = Field(
        True,
        description="TPE's own: model decisions that are asked together (Optuna's groups) "
        "together, not each alone.",
    )


class OptunaSearch(Strategy):
    """Lets an Optuna sampler answer each decision (TPE: Bergstra 2011, in Optuna's form).

    The walk is Optuna's define-by-run: a decision is suggested when it is reached, an ordered one
    as an integer, any other as a category. Every proposal has a study of its own, written from the
    history, with pending architectures as running trials; TPE takes them for as bad as the worst
    (constant liar), so that parallel workers do not all get the same. What a sampler notes on its
    trials (NSGA-II: the generation; CMA-ES: the distribution) is in the proposal's notes. Optuna
    proposes the same again and again once it is sure; from the second duplicate on one decision of
    it is changed, then two, until it is new.
    """

    DUPLICATES = 1
    """Duplicates in a row that are answered from history before one is changed."""
    MAX_REPEATS = 4
    SUGGESTIONS = 20
    """Suggestions in a row that are not legal before an architecture is drawn at random."""

    options_type = OptunaOptions
    options: OptunaOptions

    @takes(OptunaOptions)
    def __init__(self, space: Space, options: OptunaOptions) -> None:
        """Check that there is such a sampler.

        Raises:
            ValueError: Optuna has no such sampler of one objective that needs no more than a seed
                and a history.
        """
        self.begin(space, options)
        self._make_sampler(0)

    def forget(self) -> None:
        """Write the history anew."""
        self._written: dict[tuple[int, str], Any] = {}  # Optuna's trials, by number and id

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Let the sampler answer the walk in a study of all that is known."""
        from raynas.strategies.optuna_study import answer, notes_of

        study = self._study(self._make_sampler(int(rng.integers(2**32))))

        def suggested() -> Architecture:
            trial = study.ask()
            return walk(self.space, lambda decision: answer(trial, decision))[0]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the arithmetic inside the samplers
            try:
                architecture = until_legal(suggested, self.SUGGESTIONS)
            except Infeasible:
                architecture = sample(self.space, rng)
        if self.repeats >= self.DUPLICATES and not self.options.duplicates:
            architecture = self._changed(architecture, rng)
        if self.options.sampler not in NOTING:
            return Proposal(architecture)
        return Proposal(architecture, notes={NOTES: notes_of(study)})

    def _changed(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Change one decision after the other until it is new, or for long enough."""
        start = architecture
        for steps in range(20):
            if self.is_new(architecture):
                break
            architecture = start
            for _ in range(1 + steps // 5):
                architecture = mutate(self.space, architecture, rng)
        return architecture

    def _make_sampler(self, seed: int) -> Any:
        from optuna import samplers

        options: dict[str, Any] = {}
        if self.options.sampler == DEFAULT_SAMPLER:
            together = self.options.multivariate
            options = {"constant_liar": True, "multivariate": together, "group": together}
        kind: Any = getattr(samplers, self.options.sampler, None)
        try:
            if self.options.sampler in REFUSED:
                raise TypeError(REFUSED[self.options.sampler])
            if not issubclass(kind, samplers.BaseSampler):
                raise TypeError("it is no sampler")
            if self.options.sampler == "CmaEsSampler" and find_spec("cmaes") is None:
                raise TypeError("it needs one more package: pip install cmaes")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that some samplers' options are experimental
                return kind(seed=seed, **options)
        except (TypeError, ImportError) as error:
            raise ValueError(
                f"sampler: expected the name of one of optuna.samplers that needs no more than a "
                "seed (TPESampler, GPSampler, NSGAIISampler, …), got "
                f"{self.options.sampler!r}: {error}"
            ) from error

    def _study(self, sampler: Any) -> Any:
        """Write the history, and what is pending, as a study."""
        from raynas.strategies.optuna_study import study, trial

        whole = self.options.sampler in WHOLE
        trials = []
        for evaluation in self.history if whole else spread_out(self.history, POINTS):
            key = evaluation.number, evaluation.architecture.id
            written = self._written.get(key)
            if written is None:
                asked = decisions_of(self.space, evaluation.architecture)
                picks = evaluation.architecture.picks
                attributes = evaluation.notes.get(NOTES, {})
                finished = evaluation.finished
                written = trial(asked, picks, evaluation.score, attributes, finished=finished)
                self._written[key] = written
            trials.append(written)
        for proposal in self.pending.values():
            asked = decisions_of(self.space, proposal.architecture)
            picks, attributes = proposal.architecture.picks, proposal.notes.get(NOTES, {})
            trials.append(trial(asked, picks, None, attributes, running=True))
        return study(trials, sampler)
