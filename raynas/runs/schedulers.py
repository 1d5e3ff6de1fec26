"""Ray Tune's schedulers, which stop trials that do badly before their last epoch."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    MedianStoppingRule,
    TrialScheduler,
)

Rules = list[tuple[int, FIFOScheduler]]
"""Ray's schedulers, each with how many trials in a row are dealt to it before the next one's."""


class SchedulerOptions(BaseModel):
    """The options of a scheduler."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def rules(self, epochs: int, metric: str, mode: str) -> Rules:
        """Make what decides; nothing does where there is no scheduler."""
        return []


class Asha(SchedulerOptions):
    """Asynchronous successive halving (Li 2020, arXiv:1810.05934); nothing waits for others.

    At each rung (`grace_period` epochs, then `reduction_factor` times as many, …) a trial goes on
    if it is among the best one in `reduction_factor` of those that came to that rung before it.
    """

    grace_period: int = Field(1, ge=1, description="epochs that every trial is given")
    reduction_factor: int = Field(4, ge=2, description="one trial in so many is promoted")

    def rules(self, epochs: int, metric: str, mode: str) -> Rules:
        """Make one bracket.

        Raises:
            ValueError: every trial is given more epochs than there are.
        """
        _check_grace(self.grace_period, epochs)
        return [(1, _bracket(self.grace_period, self.reduction_factor, epochs, metric, mode))]


class Hyperband(SchedulerOptions):
    """Hyperband (Li 2018, arXiv:1603.06560), asynchronous as in Li 2020.

    Trials are dealt to brackets that stop ever later, in the paper's proportions, and each bracket
    is one of ASHA. Ray's own HyperBandScheduler pauses trials until a bracket is full and halves
    it: meanwhile a strategy would wait for results, and workers for the strategy.
    """

    reduction_factor: int = Field(3, ge=2, description="one trial in so many is promoted")

    def rules(self, epochs: int, metric: str, mode: str) -> Rules:
        """Make the brackets, the one that stops earliest first."""
        eta = self.reduction_factor
        most = int(math.log(epochs) / math.log(eta) + 1e-9)
        return [
            (
                math.ceil((most + 1) / (s + 1) * eta**s),
                _bracket(epochs // eta**s, eta, epochs, metric, mode),
            )
            for s in range(most, -1, -1)
        ]


class Median(SchedulerOptions):
    """Vizier's rule (Golovin 2017, https://doi.org/10.1145/3097983.3098043).

    A trial stops if its best so far is worse than the median of the others' means until then.
    """

    grace_period: int = Field(1, ge=1, description="epochs that every trial is given")
    min_samples: int = Field(3, ge=1, description="other trials that the median needs")

    def rules(self, epochs: int, metric: str, mode: str) -> Rules:
        """Make the rule.

        Raises:
            ValueError: every trial is given more epochs than there are.
        """
        _check_grace(self.grace_period, epochs)
        rule = MedianStoppingRule(
            time_attr="epoch",
            metric=metric,
            mode=mode,
            grace_period=self.grace_period,
            min_samples_required=self.min_samples,
            min_time_slice=math.inf,  # type: ignore[arg-type]  # any less: it pauses trials
        )
        return [(1, rule)]


SCHEDULERS: dict[str, type[SchedulerOptions]] = {
    "none": SchedulerOptions,
    "asha": Asha,
    "hyperband": Hyperband,
    "median": Median,
}


@dataclass(frozen=True)
class _Told:
    """All that Ray's schedulers need to know of a trial."""

    trial_id: str


class InOrder(FIFOScheduler):
    """Starts trials in the order of their proposal and stops none.

    Ray's own finds the next one among all trials that there have been, at each step of Tune's.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """Return the first of the trials that are to be started, if there is one."""
        live = tune_controller.get_live_trials()
        pending = (trial for trial in live if trial.status == trial.PENDING)
        return min(pending, key=lambda trial: trial.config["number"], default=None)


class EarlyStopping(InOrder):
    """Asks Ray's schedulers about each epoch of each trial, also of those of an earlier process.

    What they are told is the learning curve: a trial that goes on after a resume reports all of it,
    and the curves of finished trials come from the record (`recall`). They have no other state.
    """

    def __init__(self, rules: Rules, metric: str) -> None:
        """Deal trials to rules by their number."""
        super().__init__()  # type: ignore[no-untyped-call]  # Ray's is not typed
        self._dealt = [rule for count, rule in rules for _ in range(count)]
        self._reported = metric
        self._epochs: dict[str, int] = {}  # how many each trial has reported
        self._live: set[str] = set()

    def recall(self, number: int, trial_id: str, curve: Iterable[dict[str, Any]]) -> None:
        """Take note of a trial that has ended, its epochs in order."""
        rule, told = self._rule(number), _Told(trial_id)
        for epoch in curve:
            rule.on_trial_add(None, told)
            rule.on_trial_complete(None, told, self._result(epoch))

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Take note of a new trial."""
        rule, told = self._of(trial)
        rule.on_trial_add(tune_controller, told)
        self._live.add(told.trial_id)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Decide after each epoch that is new whether the trial goes on."""
        rule, told = self._of(trial)
        for epoch in result.get("curve", ()):
            if epoch["epoch"] > self._epochs.get(told.trial_id, 0):
                self._epochs[told.trial_id] = epoch["epoch"]
                decision = rule.on_trial_result(tune_controller, told, self._result(epoch))
                if decision == TrialScheduler.STOP:
                    return TrialScheduler.STOP
        return TrialScheduler.CONTINUE

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Take note of the last epochs; there is nothing left to decide."""
        self.on_trial_result(tune_controller, trial, result)
        self.on_trial_remove(tune_controller, trial)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Let go of a trial whose worker was lost; what it had reached counts, once."""
        self.on_trial_remove(tune_controller, trial)

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        """Let go of a trial that will not report again here."""
        rule, told = self._of(trial)
        if told.trial_id in self._live:
            self._live.remove(told.trial_id)
            rule.on_trial_remove(tune_controller, told)

    def _of(self, trial: Any) -> tuple[Any, _Told]:
        return self._rule(trial.config["number"]), _Told(trial.config["trial_id"])

    def _rule(self, number: int) -> Any:  # Ray's types want its own controller and trials
        return self._dealt[number % len(self._dealt)]

    def _result(self, epoch: dict[str, Any]) -> dict[str, Any]:
        return {"epoch": epoch["epoch"], self._reported: epoch[self._reported]}


def _check_grace(grace_period: int, epochs: int) -> None:
    if grace_period > epochs:
        raise ValueError(
            f"grace_period: expected at most the epochs of a trial, {epochs}, got {grace_period}"
        )


def _bracket(grace: int, eta: int, epochs: int, metric: str, mode: str) -> FIFOScheduler:
    return AsyncHyperBandScheduler(
        time_attr="epoch",
        metric=metric,
        mode=mode,
        max_t=epochs,
        grace_period=grace,
        reduction_factor=eta,
        stop_last_trials=False,  # an architecture may have epochs of its own
    )
