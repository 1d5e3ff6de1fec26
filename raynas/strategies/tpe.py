"""Optuna's samplers, the tree-structured Parzen estimator first of all, as strategies."""

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from raynas.space import Architecture, Decision, Space, decisions_of, mutate, walk
from raynas.strategies._duplicates import Deduplicate
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.proposal import Evaluation, Proposal


class OptunaSearch(Strategy):
    """Lets an Optuna sampler answer each decision (TPE: Bergstra 2011, in Optuna's form).

    The walk is Optuna's define-by-run: a decision is suggested when it is reached, an ordered one
    as an integer, any other as a category. Pending architectures are running trials to the sampler;
    TPE takes them for as bad as the worst (constant liar), so that parallel workers do not all get
    the same. Optuna proposes the same again and again once it is sure; from the second duplicate on
    one decision of it is changed, then two, until it is new.
    """

    DUPLICATES = 1
    """Duplicates in a row that are answered from history before one is changed."""
    MAX_REPEATS = 4

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
        sampler: str = "TPESampler",
        multivariate: bool = False,
    ) -> None:
        """Take a sampler of `optuna.samplers` by name.

        `multivariate` is TPE's own: whether it models the decisions together, by groups that are
        asked together, or each alone (Optuna's default).

        Raises:
            ValueError: Optuna is not installed, or has no such sampler of one objective that needs
                no more than a seed.
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        self.sampler = sampler
        self.multivariate = multivariate
        self._make_sampler(0)
        self._forget()

    def _forget(self) -> None:
        optuna = _optuna()
        self._study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)
        )
        self._told = 0  # how much of the history
        self._last: Evaluation | None = None  # of what was told
        self._running: dict[int, int] = {}  # Optuna's numbers of what is pending, by ours

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Let the sampler answer the walk; what it is told afterwards comes from the history."""
        self._tell()
        repeats = self._trailing_repeats()
        self._study.sampler = self._make_sampler(int(rng.integers(2**32)))
        trial = self._study.ask()

        def pick(decision: Decision) -> int:
            return int(trial._suggest(*_distribution(decision)))

        architecture = walk(self.space, pick)[0]
        self._study.tell(trial, state=_optuna().trial.TrialState.FAIL)
        if repeats >= self.DUPLICATES and not self.duplicates:
            architecture = self._changed(architecture, rng)
        return Proposal(architecture)

    def restore(self, checkpoint_path: str) -> None:
        """Read what `save` wrote, and tell a new study all of it."""
        super().restore(checkpoint_path)
        self._forget()

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

    def _trailing_repeats(self) -> int:
        count = 0
        while count < min(len(self.history), self.DUPLICATES) and self.history[~count].repeated:
            count += 1
        return count

    def _make_sampler(self, seed: int) -> Any:
        samplers = _optuna().samplers
        options: dict[str, Any] = {}
        if self.sampler == "TPESampler":
            together = {"multivariate": True, "group": True}
            options = {"constant_liar": True, **(together if self.multivariate else {})}
        kind: Any = getattr(samplers, self.sampler, None)
        try:
            if not issubclass(kind, samplers.BaseSampler):
                raise TypeError("it is no sampler")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that some samplers' options are experimental
                return kind(seed=seed, **options)
        except (TypeError, ImportError) as error:
            raise ValueError(
                f"sampler: expected the name of one of optuna.samplers that needs no more than a "
                f"seed (TPESampler, GPSampler, RandomSampler, …), got {self.sampler!r}: {error}"
            ) from error

    def _tell(self) -> None:
        """Bring the study up to date with the history and with what is pending."""
        lost = self._told > len(self.history) or (
            self._told and self.history[self._told - 1] is not self._last
        )
        if lost or not set(self._running) <= {*self.pending, *self._fresh()}:
            self._forget()
        for evaluation in self.history[self._told :]:
            self._add(evaluation)
            self._last = evaluation
        self._told = len(self.history)
        for number, proposal in self.pending.items():
            if number not in self._running:
                running = self._trial(proposal.architecture, None)
                self._running[number] = self._number(running)

    def _fresh(self) -> set[int]:
        return {evaluation.number for evaluation in self.history[self._told :]}

    def _add(self, evaluation: Evaluation) -> None:
        states = _optuna().trial.TrialState
        score = evaluation.score
        ended = states.COMPLETE if evaluation.finished else states.PRUNED
        state = states.FAIL if score is None else ended
        number = None if evaluation.repeated else self._running.pop(evaluation.number, None)
        if number is not None and state == states.PRUNED:
            self._study.tell(number, state=states.FAIL)  # it has no value; a pruned one does
            number = None
        if number is None:
            self._number(self._trial(evaluation.architecture, score, state))
        else:
            self._study.tell(number, score, state=state)

    def _number(self, trial: Any) -> int:
        self._study.add_trial(trial)
        return len(self._study.get_trials(deepcopy=False)) - 1

    def _trial(self, architecture: Architecture, score: float | None, state: Any = None) -> Any:
        """Write an architecture as a trial of Optuna; without a state it is a running one."""
        trials = _optuna().trial
        asked = {d.path: _distribution(d) for d in decisions_of(self.space, architecture)}
        return trials.create_trial(
            state=state or trials.TrialState.RUNNING,
            value=score,
            intermediate_values={0: score} if state == trials.TrialState.PRUNED else None,
            params={name: architecture.picks[path] for path, (name, _) in asked.items()},
            distributions=dict(asked.values()),
        )


def _distribution(decision: Decision) -> tuple[str, Any]:
    """Return the name and the distribution of a decision.

    The name has the number of options in it: Optuna wants one name to have one set of options.
    """
    distributions = _optuna().distributions
    count = len(decision.options)
    name = f"{decision.path}:{count}"
    if decision.ordered:
        return name, distributions.IntDistribution(0, count - 1)
    return name, distributions.CategoricalDistribution(range(count))


def _optuna() -> ModuleType:
    """Import Optuna, when a strategy of its is made, and keep it quiet."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
