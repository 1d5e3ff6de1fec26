"""Schedulers stop trials early: what is recorded, and what they know after a resume."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers import TrialScheduler
from run_cases import checkpoints, facts, record, write_space

import raynas
from raynas.engine.schedulers import EarlyStopping, make_scheduler
from raynas.engine.trials.trial_report import TrialReport
from raynas.options.data_options import DataOptions
from raynas.options.scheduler_options import SCHEDULERS
from raynas.options.training_options import TrainingOptions
from raynas.runs.endings import RunFailed
from raynas.runs.run_config import make_config
from raynas.strategies import STRATEGIES

KINDS = [name for name in SCHEDULERS if name != "none"]
OPTIONS = {"population": 2, "tournament": 2, "limit": 150, "learning_rate": 0.01}
EAGER = {
    "asha": {"reduction_factor": 2},
    "hyperband": {"reduction_factor": 2},
    "median": {"min_samples": 1},
}
"""Options with which they stop trials within a short run."""


def search(kind: str, folder: Path, **more: Any) -> raynas.Run:
    return raynas.search(
        space=write_space(folder),
        strategy="evolution",
        scheduler=kind,
        epochs=4,
        concurrency=1,
        name="run",
        storage=str(folder),
        options={**OPTIONS, **EAGER[kind]},
        **more,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_or_not_it_stops_the_same_trials_and_records_what_they_reached(
    ray_cluster, tmp_path, kind
):
    whole = search(kind, tmp_path / "whole", trials=8)
    search(kind, tmp_path / "parts", trials=4)
    resumed = raynas.resume(str(tmp_path / "parts/run"), trials=8)
    assert facts(record(resumed)) == facts(record(whole))
    trials = list(record(whole))
    assert {trial.status for trial in trials} == {"completed", "stopped"}
    for trial in trials:
        assert trial.error is None
        assert (trial.status == "completed") == (trial.epochs == 4)
        assert [epoch["epoch"] for epoch in trial.curve] == list(range(1, trial.epochs + 1))
        last = {k: v for k, v in trial.curve[-1].items() if k not in ("epoch", "train_seconds")}
        assert trial.metrics == last
        assert trial.train_seconds == trial.curve[-1]["train_seconds"]
    kept = checkpoints(tmp_path / "whole/run")
    assert kept <= {trial.trial_id for trial in trials if trial.status == "completed"}
    completed = [t.metrics["val_accuracy"] for t in trials if t.status == "completed"]
    assert whole.best()["metrics"]["val_accuracy"] == max(completed)


BREAKING = '''"""One net that learns and breaks in its second epoch, one that does not learn."""
import torch
from torch import nn

from raynas.space import Choice, Record

space = Record(net=Choice(["breaks", "weak"]))


class Breaks(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.layer, self.batches = nn.Linear(64, outputs), 0

    def forward(self, inputs):
        self.batches += self.training
        if self.batches > 8:  # there are 6 in an epoch
            raise RuntimeError("broken")
        return self.layer(inputs.flatten(1))


class Weak(nn.Linear):
    def forward(self, inputs):
        return super().forward(0 * inputs.flatten(1))


def build(value, input_shape, num_outputs):
    return Breaks(num_outputs) if value["net"] == "breaks" else Weak(64, num_outputs)
'''


def test_a_run_in_which_nothing_was_trained_to_its_end_says_so(ray_cluster, tmp_path):
    with pytest.raises(RunFailed) as failure:
        raynas.search(
            space=write_space(tmp_path, BREAKING),
            strategy="grid",
            scheduler="asha",
            trials=2,
            epochs=4,
            concurrency=1,
            name="run",
            storage=str(tmp_path),
            options={"reduction_factor": 2, "learning_rate": 0.1, "limit": 150, "batch_size": 16},
        )
    assert str(failure.value) == (
        "no trial was trained to its end: of 2, 1 were stopped early by asha and 1 failed; "
        "the first (run_00000): RuntimeError: broken; go on with more trials: raynas resume"
    )
    assert checkpoints(tmp_path / "run") == set()


# Driven by hand: no Ray.


def make(kind: str, epochs: int = 9, **options: Any) -> EarlyStopping:
    config = make_config(scheduler=kind, epochs=epochs, options=options)
    scheduler = make_scheduler(config.scheduler_options, config.epochs, config.metric, config.mode)
    assert isinstance(scheduler, EarlyStopping)
    return scheduler


def a_trial(number: int) -> Any:
    return SimpleNamespace(config={"number": number, "trial_id": f"run_{number:05d}"})


def curve(*values: float) -> list[dict[str, float]]:
    return [{"epoch": epoch, "val_accuracy": v} for epoch, v in enumerate(values, 1)]


def told(epochs: list[dict[str, float]]) -> dict[str, Any]:
    return TrialReport(curve=epochs).to_result("val_accuracy")


def decide(scheduler: EarlyStopping, number: int, *values: float) -> list[str]:
    """Add a trial and report its epochs until it is stopped."""
    scheduler.on_trial_add(None, a_trial(number))
    decisions = []
    for epoch in curve(*values):
        decisions.append(scheduler.on_trial_result(None, a_trial(number), told([epoch])))
        if decisions[-1] == TrialScheduler.STOP:
            break
    scheduler.on_trial_complete(None, a_trial(number), told([epoch]))
    return decisions


GOOD, BAD = [0.5 + epoch / 100 for epoch in range(9)], [0.1] * 9


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recalled_counts_as_if_it_had_been_seen(kind):
    seen, recalled = make(kind), make(kind)
    for number in range(4):
        decide(seen, number, *GOOD[:-1])
        recalled.recall(number, f"run_{number:05d}", curve(*GOOD[:-1]))
    for scheduler in (seen, recalled):
        assert decide(scheduler, 4, *BAD) == ["STOP"]
        assert decide(scheduler, 5, *[v + 0.1 for v in GOOD]) == ["CONTINUE"] * 9


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_ones_are_recalled_whatever_would_be_decided_now(kind):
    scheduler = make(kind)
    first = [number for number in range(20) if scheduler._rule(number) is scheduler._rule(0)]
    for number in first[:4]:
        scheduler.recall(number, f"run_{number:05d}", curve(*GOOD))
    scheduler.recall(first[4], f"run_{first[4]:05d}", curve(*BAD))
    assert decide(scheduler, first[5], *BAD) == ["STOP"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_goes_on_after_a_resume_is_judged_by_all_its_epochs(kind):
    scheduler = make(kind)
    for number in range(4):
        scheduler.recall(number, f"run_{number:05d}", curve(*GOOD))
    scheduler.on_trial_add(None, a_trial(4))
    late_bloomer = curve(0.1, 0.1, 0.9)
    assert scheduler.on_trial_result(None, a_trial(4), told(late_bloomer)) == "STOP"


@pytest.mark.parametrize("kind", KINDS)
def test_failures_and_lost_workers_do_no_harm(kind):
    scheduler = make(kind)
    for number in range(3):
        scheduler.on_trial_add(None, a_trial(number))
    scheduler.on_trial_result(None, a_trial(0), told(curve(0.5)))
    scheduler.on_trial_error(None, a_trial(0))
    failure = TrialReport(error="loss is nan").to_result("val_accuracy")
    scheduler.on_trial_complete(None, a_trial(1), failure)
    scheduler.on_trial_remove(None, a_trial(2))
    scheduler.on_trial_remove(None, a_trial(2))
    assert decide(scheduler, 3, *GOOD) == ["CONTINUE"] * 9


def test_hyperband_deals_trials_to_brackets_as_in_its_paper():
    """Of 17: 9 may be stopped after 1 epoch, 5 after 3, and 3 are trained to their end."""
    scheduler = make("hyperband")
    for number in range(34):
        scheduler.recall(number, f"run_{number:05d}", curve(*GOOD))
    stopped_after = [len(decide(scheduler, number, *BAD)) for number in range(34, 51)]
    assert sorted(stopped_after) == [1] * 9 + [3] * 5 + [9] * 3
    for start in range(0, 15, 3):
        assert len(set(stopped_after[start : start + 5])) > 1, "brackets are dealt in turns"


def test_asha_judges_at_its_rungs_only():
    scheduler = make("asha", epochs=9, grace_period=2, reduction_factor=2)
    for number in range(4):
        scheduler.recall(number, f"run_{number:05d}", curve(*GOOD))
    assert len(decide(scheduler, 4, *BAD)) == 2
    assert len(decide(scheduler, 5, 0.9, 0.9, 0.1, 0.1, 0.9)) == 4


def test_less_is_better_where_the_metric_says_so():
    config = make_config(scheduler="asha", metric="val_loss", epochs=9)
    scheduler = make_scheduler(config.scheduler_options, config.epochs, config.metric, config.mode)
    for number, loss in enumerate([0.5, 0.5, 0.9]):
        scheduler.on_trial_add(None, a_trial(number))
        result = TrialReport(curve=[{"epoch": 1, "val_loss": loss}]).to_result("val_loss")
        decision = scheduler.on_trial_result(None, a_trial(number), result)
        assert decision == ("STOP" if loss == 0.9 else "CONTINUE")


def test_no_option_has_two_owners():
    taken = {*TrainingOptions.model_fields, *DataOptions.model_fields}
    for strategy in STRATEGIES:
        taken |= {*make_config(strategy=strategy).legal_options}
    for options in SCHEDULERS.values():
        assert not taken & {*options.model_fields}
