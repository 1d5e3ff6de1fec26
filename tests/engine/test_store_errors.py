"""A run folder that cannot be written for a while is no candidate's fault."""

from pathlib import Path

import pytest
from run_cases import record, write_space

import raynas
from raynas.runs import storage
from raynas.runs.storage import StoreError, open_folder

SPACE = '''"""Nets that put a file in place of their checkpoint's folder, {times} times."""
import shutil
from pathlib import Path

from raynas.nets import build_mlp
from raynas.space import Choice, Record

space = Record(layers=[Record(type="dense", units=Choice([4, 8, 16]), activation="relu")])
HERE = Path("{here}")


def build(value, input_shape, num_outputs):
    for trial in (HERE / "runs/run/checkpoints").glob("*"):
        done = len((HERE / "done").read_text())
        if trial.is_file():
            trial.unlink()
            trial.mkdir()
        if done < {times}:
            (HERE / "done").write_text("x" * (done + 1))
            shutil.rmtree(trial)
            trial.touch()
    return build_mlp(value, input_shape, num_outputs)
'''


def search(folder: Path, times: int) -> raynas.Run:
    (folder / "done").write_text("")
    space = SPACE.replace("{times}", str(times)).replace("{here}", str(folder))
    return raynas.search(
        space=write_space(folder, space),
        strategy="random",
        data="synthetic",
        trials=1,
        epochs=1,
        name="run",
        storage=str(folder / "runs"),
        options={"limit": 100},
    )


def test_the_trial_is_tried_again(ray_cluster, tmp_path):
    run = search(tmp_path, 2)
    assert (tmp_path / "done").read_text() == "xx"
    (trial,) = record(run)
    assert (trial.status, trial.error) == ("completed", None)


def test_a_run_whose_folder_stays_away_ends_with_no_trial_failed(ray_cluster, tmp_path):
    with pytest.raises(StoreError, match=r"run folder, .*run_00000: .*"):
        search(tmp_path, 100)
    assert len(raynas.open_run(tmp_path / "runs/run").trials) == 0


def test_an_object_store_is_tried_again_and_a_disk_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PAUSES_S", (0.01, 0.01))
    calls = []

    def works_at(call: int) -> int:
        calls.append(call)
        if len(calls) < call:
            raise OSError("away")
        return call

    remote = open_folder("memory://somewhere")
    assert remote.keep_trying(lambda: works_at(3)) == 3
    calls.clear()
    with pytest.raises(StoreError, match="run folder, memory://somewhere: away"):
        remote.keep_trying(lambda: works_at(4))
    assert len(calls) == 3
    calls.clear()
    with pytest.raises(StoreError, match="away"):
        open_folder(str(tmp_path)).keep_trying(lambda: works_at(2))
    assert len(calls) == 1
