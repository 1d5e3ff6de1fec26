"""Our own loop trains as Lightning's Trainer does, which drives whatever has step loggers."""

import json

import pytest
import torch
from test_resume import TIMES, assert_same_bits, config

from raynas.nets import build_mlp
from raynas.options.training_options import TrainingOptions
from raynas.space import load_space_source
from raynas.strategies import Darts
from raynas.training import StepLog, feed
from raynas.training.darts import fit_supernet

OPTIONS = {
    "adam": {"optimizer": "adam"},
    "sgd": {"optimizer": "sgd", "schedule": "constant", "gradient_clip": 0.1},
    "rmsprop": {"optimizer": "rmsprop", "weight_decay": 0.01, "label_smoothing": 0.1},
    "bf16": {"precision": "bf16-mixed", "gradient_clip": 0.5},
}
SUPERNET = load_space_source(
    """
from raynas.nets import build_staged_cells
from raynas.space import Cell, Record
space = Record(cell=Cell(["none", "skip_connect", "nor_conv_1x1", "avg_pool_3x3"], 2))
def build(value, input_shape, num_outputs):
    return build_staged_cells(value, input_shape, num_outputs, channels=4, cells=1)
""",
    "staged",
)
STATES = ("state_dict", "optimizer_states", "lr_schedulers")


def trainer(tmp_path):
    """What makes Lightning's Trainer drive a training."""
    return {"logs": [StepLog("tensorboard", str(tmp_path / "logs"), "run")], "name": "0"}


def untimed(metrics):
    return [json.loads(json.dumps({**epoch, **TIMES})) for epoch in metrics]


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_it_has_the_numbers_of_lightnings_trainer(train, digits, hard_net, tmp_path, options):
    own = train(hard_net, {}, digits, config(**options), folder="own")
    other = train(hard_net, {}, digits, config(**options), folder="other", **trainer(tmp_path))
    assert untimed(own.metrics) == untimed(other.metrics)
    for epoch in (1, 5):
        for part in STATES:
            assert_same_bits(own.state(epoch)[part], other.state(epoch)[part])


def test_it_goes_on_from_a_checkpoint_of_lightnings_trainer(train, digits, hard_net, tmp_path):
    whole = train(hard_net, {}, digits, config(), folder="whole", **trainer(tmp_path))
    rest = train(hard_net, {}, digits, config(), folder="rest", checkpoint=whole.checkpoint(2))
    assert untimed(rest.metrics) == untimed(whole.metrics[2:])
    for part in STATES:
        assert_same_bits(rest.state(5)[part], whole.state(5)[part])


@pytest.mark.parametrize("options", [{}, {"order": 2}, {"method": "gdas"}], ids=str)
def test_a_supernet_has_them_too(digits, tmp_path, options):
    few = {split: part[:97] for split, part in digits.inputs.items()}
    labels = {split: part[:97] for split, part in digits.labels.items()}
    data = type(digits)(**{**vars(digits), "inputs": few, "labels": labels})
    darts = Darts(SUPERNET.space, supernet_epochs=2, supernet_batch_size=16, **options)
    plan = darts.ask().supernet
    curves, states = [], []

    def on_epoch(curve, save):
        save(tmp_path / "state.ckpt")
        if len(curve) == 2:
            curves.append(untimed(curve))
            states.append(torch.load(tmp_path / "state.ckpt", weights_only=True))
        return False

    for more in ({}, trainer(tmp_path)):
        fit_supernet(SUPERNET, data, plan, seed=3, on_epoch=on_epoch, **more)
    assert curves[0] == curves[1]
    for part in STATES:
        assert_same_bits(states[0][part], states[1][part])


def test_data_that_are_not_held_are_trained_on_with_the_same_numbers(
    train, digits, hard_net, monkeypatch
):
    held = train(hard_net, {}, digits, config(epochs=2), folder="held")
    monkeypatch.setattr(feed, "HELD_BYTES", 1000)
    read = train(hard_net, {}, digits, config(epochs=2), folder="read")
    assert untimed(read.metrics) == untimed(held.metrics)
    assert_same_bits(read.state(2)["state_dict"], held.state(2)["state_dict"])


class Spoils(torch.nn.Module):
    """Changes its inputs in place, which are nobody else's then."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = torch.nn.Linear(inputs, outputs)

    def forward(self, inputs):
        return self.linear(inputs.mul_(2))


def test_a_net_that_changes_its_inputs_spoils_nothing_for_the_next(train, synthetic):
    def spoiling(value, input_shape, num_outputs):
        return Spoils(*input_shape, num_outputs)

    value = {"layers": [{"type": "dense", "units": 16, "activation": "tanh"}]}
    one = TrainingOptions(epochs=2)
    before = train(build_mlp, value, synthetic, one, folder="before")
    first = train(spoiling, {}, synthetic, one, folder="first")
    again = train(spoiling, {}, synthetic, one, folder="again")
    after = train(build_mlp, value, synthetic, one, folder="after")
    assert untimed(first.metrics) == untimed(again.metrics)
    assert untimed(before.metrics) == untimed(after.metrics)
