"""What many short trials leave behind, with real Ray."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ray import tune
from run_cases import checkpoints, open_ledger, small_config

from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.tune_loop import run_trials
from raynas.runs.storage import Folder


def short_trial(folder: Folder) -> type[tune.Trainable]:
    class ShortTrial(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            pass

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            (folder / self.config["trial_id"]).write("last.ckpt", b"weights")
            score = (self.config["number"] * 7 % 40) / 40
            metrics = {"val_accuracy": score}
            curve = [{"epoch": 1, **metrics, "train_seconds": 0.0}]
            return TrialReport(metrics, curve, finished=True).to_result("val_accuracy")

    return ShortTrial


def test_many_trials_leave_their_rows_and_the_best_checkpoints(tmp_path, ray_cluster):
    ledger = open_ledger(tmp_path / "run", small_config(trials=40, keep=2))
    run_trials(ledger, None, short_trial(ledger.folder / "checkpoints"))
    assert sorted(trial.number for trial in ledger.trials()) == list(range(40))
    best = sorted(range(40), key=lambda number: -(number * 7 % 40))[:2]
    assert checkpoints(tmp_path / "run") == {f"run_{number:05d}" for number in best}


def slow_to_start(started: Path) -> type[tune.Trainable]:
    class SlowToStart(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            (started / str(os.getpid())).touch()
            time.sleep(2)

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            time.sleep(0.05)
            curve = [{"epoch": 1, "val_accuracy": 0.5, "train_seconds": 0.0}]
            node = str(os.getpid())
            return TrialReport({"val_accuracy": 0.5}, curve, finished=True, node=node).to_result(
                "val_accuracy"
            )

    return SlowToStart


def test_trials_that_are_shorter_than_the_start_of_a_worker_wait_for_none_and_end_none(
    tmp_path, ray_cluster
):
    started = tmp_path / "started"
    started.mkdir()
    config = small_config(trials=80, concurrency=2, scheduler="asha")
    ledger = open_ledger(tmp_path / "run", config)
    run_trials(ledger, None, slow_to_start(started))
    assert len(list(started.iterdir())) == 2, "a start was broken off"
    trials = Counter(trial.node for trial in ledger.trials())
    assert len(trials) == 2
    assert min(trials.values()) > 10
