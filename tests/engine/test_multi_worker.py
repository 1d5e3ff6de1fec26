"""Trials of several workers."""

import math

import pytest
from run_cases import write_space

import raynas

SPACE = '''"""A net that works, and one that raises on the second worker only."""
from torch import distributed, nn

from raynas.space import Choice, Record

space = Record(kind=Choice(["works", "raises"]), units=Choice([8]))


class Net(nn.Module):
    def __init__(self, kind, units, inputs, outputs):
        super().__init__()
        self.kind = kind
        self.layers = nn.Sequential(nn.Linear(inputs, units), nn.Tanh(), nn.Linear(units, outputs))
        self.spare = nn.Linear(1, 1)  # gets no gradient

    def forward(self, x):
        if self.kind == "raises" and self.training and distributed.is_initialized():
            if distributed.get_rank() == 1:
                raise KeyError("on rank 1")
        return self.layers(x)


def build(value, input_shape, num_outputs):
    return Net(value["kind"], value["units"], *input_shape, num_outputs)
'''

CHAIN = '''"""Dense layers, which a supernet can hold."""
from raynas.nets import build_mlp as build
from raynas.space import Choice, Record, Repeat

layer = Record(type="dense", units=Choice([4, 8]), activation=Choice(["relu", "tanh"]))
space = Record(layers=Repeat(layer, 1, 2))
'''


def test_two_workers_train_what_one_does_at_the_same_batch(ray_cluster, tmp_path):
    common = {
        "space": write_space(tmp_path, SPACE),
        "data": "synthetic",
        "strategy": "grid",
        "epochs": 2,
        "storage": str(tmp_path / "runs"),
        "options": {"limit": 500, "batch_size": 30, "learning_rate": 0.01},
    }
    one = raynas.search(**common, trials=1, name="one")
    two = raynas.search(**common, trials=2, name="two", workers_per_trial=2, cpus_per_trial=2)
    (expected,) = one.trials.curve
    got = two.trials[two.trials.status == "completed"].curve.iloc[0]
    for name in ("epoch", "params", "macs"):
        assert [epoch[name] for epoch in got] == [epoch[name] for epoch in expected]
    for name in ("train_loss", "val_loss", "val_accuracy", "val_f1"):
        assert [e[name] for e in got] == pytest.approx([e[name] for e in expected], rel=1e-5)
    assert not math.isclose(got[0]["train_loss"], got[1]["train_loss"])
    (error,) = two.trials[two.trials.status == "failed"].error
    assert error == "KeyError: 'on rank 1'"
    assert two.best()["test"] == pytest.approx(one.best()["test"], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gpus_per_trial": 0.5}, "gpus_per_trial: expected 0 or 2, one for each worker"),
        ({"options": {"batch_size": 33}}, "batch_size: expected a multiple of the 2 workers"),
        (
            {"strategy": "darts", "trials": 2, "options": {"supernet_batch_size": 33}},
            "supernet_batch_size: expected a multiple of the 2 workers",
        ),
        ({"cpus_per_trial": 6}, "a trial needs 6 CPUs and 0 GPUs for 2 workers, more than there"),
    ],
)
def test_what_cannot_be_is_refused_before_the_start(ray_cluster, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        raynas.search(workers_per_trial=2, storage=str(tmp_path), name="run", **options)
    assert not (tmp_path / "run").exists()


def test_two_workers_train_the_supernet_that_one_does(ray_cluster, tmp_path):
    common = {
        "space": write_space(tmp_path, CHAIN),
        "data": "synthetic",
        "strategy": "darts",
        "epochs": 1,
        "storage": str(tmp_path / "runs"),
    }
    options = {"limit": 500, "batch_size": 30, "supernet_batch_size": 30, "supernet_epochs": 2}
    options |= {"method": "darts", "order": 2, "weights_learning_rate": 0.1}
    one = raynas.search(**common, name="one", options=options)
    two = raynas.search(
        **common, name="two", options=options, workers_per_trial=2, cpus_per_trial=2
    )
    expected, got = (run.trials.curve.iloc[0] for run in (one, two))
    for name in ("supernet_train_loss", "supernet_train_accuracy", "supernet_val_loss"):
        assert [e[name] for e in got] == pytest.approx([e[name] for e in expected], rel=1e-4)
    for ours, other in zip(got, expected, strict=True):
        assert ours["strengths"].keys() == other["strengths"].keys()
        for path, weights in other["strengths"].items():
            assert ours["strengths"][path] == pytest.approx(weights, abs=1e-4)
    assert got[-1]["strengths"] != got[0]["strengths"]
    assert two.best()["architecture_id"] == one.best()["architecture_id"]
