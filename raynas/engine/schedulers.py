"""Ray Tune's schedulers, which stop trials that do badly before their last epoch."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    MedianStoppingRule,
    TrialScheduler,
)

from raynas.engine.ray_private import pending_trials
from raynas.engine.trials.trial_report import TrialReport
from raynas.options.scheduler_options import (
    AshaOptions,
    HyperbandOptions,
    MedianOptions,
    SchedulerOptions,
)

Rules = list[tuple[int, FIFOScheduler]]
"""Ray's schedulers, each with how many trials in a row are dealt to it before the next one's."""


def make_scheduler(options: SchedulerOptions, epochs: int, metric: str, mode: str) -> "InOrder":
    """Build what decides over trials of so many epochs; it knows of none yet."""
    match options:
        case AshaOptions():
            grace, eta = options.grace_period, options.reduction_factor
            rules = [(1, _bracket(grace, eta, epochs, metric, mode))]
        case HyperbandOptions():
            rules = _hyperband(options.reduction_factor, epochs, metric, mode)
        case MedianOptions():
            rule = MedianStoppingRule(
                time_attr="epoch",
                metric=metric,
                mode=mode,
                grace_period=options.grace_period,
                min_samples_required=options.min_samples,
                min_time_slice=math.inf,  # type: ignore[arg-type]  # any less: it pauses trials
            )
            rules = [(1, rule)]
        case _:
            return InOrder()  # type: ignore[no-untyped-call]  # Ray's is not typed
    return EarlyStopping(rules, metric)


def _hyperband(eta: int, epochs: int, metric: str, mode: str) -> Rules:
    """Make the brackets, the one that stops earliest first."""
    most = int(math.log(epochs) / math.log(eta) + 1e-9)
    return [
        (
            math.ceil((most + 1) / (s + 1) * eta**s),
            _bracket(epochs // eta**s, eta, epochs, metric, mode),
        )
        for s in range(most, -1, -1)
    ]


@dataclass(frozen=True)
class _KnownTrial:
    """All that Ray's schedulers need to know of a trial."""

    trial_id: str


class InOrder(FIFOScheduler):
    """Starts trials in the order of their proposal and stops none.

    Ray's own finds the next one among all trials that there have been, at each step of Tune's. One
    whose worker is being started waits for it: given one that is free, Tune would end the other,
    and where trials are shorter than a start there would never be a second worker.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """Return the first of the trials that are to be started, if there is one."""
        return min(
            pending_trials(tune_controller), key=lambda trial: trial.config["number"], default=None
        )


class EarlyStopping(InOrder):
    """Asks Ray's schedulers about each epoch of each trial, also of those of an earlier process.

    What they are told is the learning curve: a trial that goes on after a resume reports all of it,
    and the curves of finished trials come from the record (`recall`). They have no other state.
    """

    def __init__(self, rules: Rules, metric: str) -> None:
        """Deal trials to rules by their number."""
        super().__init__()  # type: ignore[no-untyped-call]  # Ray's is not typed
        self._dealt = _interleaved(rules)
        self._reported = metric
        self._epochs: dict[str, int] = {}  # how many each trial has reported
        self._live: set[str] = set()

    def recall(self, number: int, trial_id: str, curve: Iterable[dict[str, Any]]) -> None:
        """Take note of a trial that has ended, its epochs in order."""
        rule, known = self._rule(number), _KnownTrial(trial_id)
        for epoch in curve:
            rule.on_trial_add(None, known)
            rule.on_trial_complete(None, known, self._result(epoch))

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Take note of a new trial."""
        rule, known = self._of(trial)
        rule.on_trial_add(tune_controller, known)
        self._live.add(known.trial_id)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Decide after each epoch that is new whether the trial goes on."""
        rule, known = self._of(trial)
        report = TrialReport.of(result)
        for epoch in report.curve if report else ():
            if epoch["epoch"] > self._epochs.get(known.trial_id, 0):
                self._epochs[known.trial_id] = epoch["epoch"]
                decision = rule.on_trial_result(tune_controller, known, self._result(epoch))
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
        rule, known = self._of(trial)
        if known.trial_id in self._live:
            self._live.remove(known.trial_id)
            rule.on_trial_remove(tune_controller, known)

    def _of(self, trial: Any) -> tuple[Any, _KnownTrial]:
        return self._rule(trial.config["number"]), _KnownTrial(trial.config["trial_id"])

    def _rule(self, number: int) -> Any:  # Ray's types want its own controller and trials
        return self._dealt[number % len(self._dealt)]

    def _result(self, epoch: dict[str, Any]) -> dict[str, Any]:
        return {"epoch": epoch["epoch"], self._reported: epoch[self._reported]}


def _interleaved(rules: Rules) -> list[FIFOScheduler]:
    """Return the order in which trials are dealt: any stretch of it has about all proportions."""
    total = sum(count for count, _ in rules)
    dealt: list[int] = []
    for place in range(1, total + 1):
        owed = [count * place / total - dealt.count(i) for i, (count, _) in enumerate(rules)]
        dealt.append(max(range(len(rules)), key=lambda i: owed[i]))
    return [rules[i][1] for i in dealt]


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
