"""What many short trials leave behind, with real Ray."""

from typing import Any

from ray import tune
from run_cases import checkpoints, open_book, small_config

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
            told = {"val_accuracy": score, "metric_names": ["val_accuracy"], "epoch": 1}
            return {**told, "finished": True, "done": True}

    return ShortTrial


def test_many_trials_leave_their_rows_and_the_best_checkpoints(tmp_path, ray_cluster):
    book = open_book(tmp_path / "run", small_config(trials=40, keep=2))
    run_trials(book, None, short_trial(book.folder / "checkpoints"))
    assert sorted(trial.number for trial in book.trials()) == list(range(40))
    best = sorted(range(40), key=lambda number: -(number * 7 % 40))[:2]
    assert checkpoints(tmp_path / "run") == {f"run_{number:05d}" for number in best}
