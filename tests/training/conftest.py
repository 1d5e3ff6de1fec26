import math

import pytest
import torch
from torch import nn

from raynas.data import load_arrays
from raynas.training import fit


class History:
    """Collects what `fit` reports, and keeps each epoch's checkpoint and the bits in it."""

    def __init__(self, folder, stop_after=None):
        self.folder, self.stop_after = folder, stop_after
        self.metrics = []

    def __call__(self, curve, save):
        metrics = curve[-1]
        self.metrics.append(metrics)
        save(self.checkpoint(metrics["epoch"]))
        return metrics["epoch"] == self.stop_after

    def checkpoint(self, epoch):
        return self.folder / f"{epoch}.ckpt"

    def state(self, epoch):
        return torch.load(self.checkpoint(epoch), weights_only=True)


def build_hard_net(value, input_shape, num_outputs):
    """Build what makes a resume hard: dropout, batch statistics, random initial weights."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(input_shape), 16),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(16, num_outputs),
    )


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Small nets train fastest on one thread, and test machines are shared."""
    torch.set_num_threads(1)


@pytest.fixture
def hard_net():
    return build_hard_net


@pytest.fixture(scope="session")
def digits():
    return load_arrays("digits")


@pytest.fixture(scope="session")
def synthetic():
    return load_arrays("synthetic")


@pytest.fixture(autouse=True)
def one_thread():
    """Bits depend on how many threads share a sum; other tests may have changed that."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def train(tmp_path):
    """Return a function that trains and returns the history."""

    def run(build, value, data, config, *, folder="run", stop_after=None, **options):
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        history = History(path, stop_after)
        fit(build, value, data, config, **{"seed": 0, "on_epoch": history, **options})
        return history

    return run
