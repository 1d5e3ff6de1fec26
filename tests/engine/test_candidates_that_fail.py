"""Candidates that raise, diverge or take their worker with them."""

from pathlib import Path

import pytest
from run_cases import checkpoints, record, write_space

import raynas
from raynas.runs.endings import RunFailed

SPACE = '''"""Nets that work, and nets that fail in each way."""
import os
import signal

from torch import nn

from raynas.space import Choice, Record

FAILURES = {failures}
space = Record(
    kind=Choice(FAILURES),
    units=Choice([4, 8]),
    training=Record(learning_rate=Choice([0.01])),
)


class Net(nn.Module):
    def __init__(self, kind, units, inputs, outputs):
        super().__init__()
        if kind == "raises":
            raise RuntimeError("no such layer\\nsecond line")
        if kind == "says what cannot be printed":
            raise RuntimeError("no file named \\udcff\\ud800")
        if kind == "exits":
            raise SystemExit(3)
        self.kind = kind
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(inputs, units), nn.ReLU(), nn.Linear(units, outputs)
        )

    def forward(self, x):
        if self.kind == "killed" and self.training:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "raises late":
            raise KeyError("x")
        outputs = self.layers(x)
        return outputs * float("nan") if self.kind == "nan" else outputs


def build(value, input_shape, num_outputs):
    size = 1
    for n in input_shape:
        size *= n
    return Net(value["kind"], value["units"], size, num_outputs)
'''


def search(folder: Path, failures: list[str], trials: int, **more) -> raynas.Run:
    return raynas.search(
        space=write_space(folder, SPACE.replace("{failures}", repr(failures))),
        strategy="random",
        data="synthetic",
        trials=trials,
        epochs=2,
        name="run",
        storage=str(folder / "runs"),
        options={"limit": 400},
        **more,
    )


def test_they_are_recorded_and_the_search_goes_on(ray_cluster, tmp_path):
    odd = "says what cannot be printed"
    kinds = ["works", "nan", "killed", "raises late", "raises", "exits", odd]
    run = search(tmp_path, kinds, 14)
    trials = record(run)
    assert len(trials) == len({trial.architecture.id for trial in trials}) == 14
    assert [sum(t.architecture.value["kind"] == kind for t in trials) for kind in kinds] == [2] * 7
    said = {
        "nan": "loss is nan in epoch 1",
        "killed": "the worker died",
        "raises late": "KeyError: 'x'",
        "raises": "RuntimeError: no such layer second line",
        "exits": "SystemExit: 3",
        odd: r"RuntimeError: no file named \udcff\ud800",
    }
    for trial in trials:
        kind = trial.architecture.value["kind"]
        if kind == "works":
            assert (trial.status, trial.error, trial.epochs) == ("completed", None, 2)
        else:
            assert trial.status == "failed"
            assert trial.metrics == {}
            assert said[kind] in str(trial.error)
            assert "\n" not in str(trial.error)
    working = {t.trial_id for t in trials if t.status == "completed"}
    assert checkpoints(Path(run.folder)) == working
    assert run.best()["trial_id"] in working


def test_when_all_fail_the_run_fails(ray_cluster, tmp_path):
    with pytest.raises(RunFailed, match=r"all 3 trials failed; the first \(run_0.*\): .*nan|'x'"):
        search(tmp_path, ["nan", "raises late"], 3, concurrency=1)
    with pytest.raises(RunFailed, match="all 3 trials have failed"):
        raynas.resume(str(tmp_path / "runs/run"))
