"""The learning rate of every step, for loaders that know their length, do not, or are wrong."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from raynas.data import load_data
from raynas.options.data_options import DataOptions
from raynas.options.training_options import TrainingOptions
from raynas.training import SCHEDULES

STEPS = 6
"""Batches of an epoch, whatever a loader says."""
LOADERS = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

inputs = torch.rand(60, 5, generator=torch.Generator().manual_seed(0))
dataset = TensorDataset(inputs, (inputs.sum(1) > 2.5).long())


class Stream(IterableDataset):
    epoch = 0

    def __init__(self, sizes=(60,)):
        self.sizes = sizes

    def __iter__(self):
        size = self.sizes[self.epoch % len(self.sizes)]
        self.epoch += 1
        yield from (dataset[index % 60] for index in range(size))


class Sized(Stream):
    def __len__(self):
        return 60


class TooLong(DataLoader):
    def __len__(self):
        return 12


class TooShort(DataLoader):
    def __len__(self):
        return 4


class Known(LightningDataModule):
    num_classes, batch_size = 2, 10

    def train_dataloader(self):
        return DataLoader(dataset, self.batch_size)

    def val_dataloader(self):
        return DataLoader(dataset, self.batch_size)

    test_dataloader = val_dataloader


def of(loader, data):
    class Module(Known):
        input_shape = (5,)

        def train_dataloader(self):
            return loader(data, self.batch_size)

    return Module


Streamed, SizedStream = of(DataLoader, Stream()), of(DataLoader, Sized())
SaysMore, SaysLess = of(TooLong, dataset), of(TooShort, dataset)
Changing = of(DataLoader, Stream((60, 80, 40, 90)))


class ShortLook(Known):
    def val_dataloader(self):
        return TooShort(dataset, self.batch_size)
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    (tmp_path / "schedule_loaders.py").write_text(LOADERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda name: load_data(f"schedule_loaders:{name}", options=DataOptions())


@pytest.fixture
def rates():
    """Return a list of the learning rate of each step, of 1 at the start, as they are made."""
    seen = []
    handle = register_optimizer_step_pre_hook(
        lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"])
    )
    yield seen
    handle.remove()


def build(value, input_shape, num_outputs):
    return nn.Linear(*input_shape, num_outputs)


def options(epochs, **more):
    return TrainingOptions(
        epochs=epochs, batch_size=10, learning_rate=1.0, optimizer="sgd", momentum=0, **more
    )


def cosine(done):
    return (1 + math.cos(math.pi * done)) / 2


def last_rate(history, epochs):
    return history.state(epochs)["optimizer_states"][0]["param_groups"][0]["lr"]


WARNING = {
    "Known": None,
    "SizedStream": None,
    "Streamed": "has no length",
    "SaysMore": "says that it has 12 batches, and has 6",
    "SaysLess": "says that it has 4 batches, and has 6",
}


@pytest.mark.parametrize("epochs", [1, 2, 5])
@pytest.mark.parametrize("name", WARNING)
def test_a_cosine_goes_from_the_start_to_zero_over_the_steps_that_there_are(
    train, data, rates, name, epochs
):
    history = train(build, {}, data(name), options(epochs))
    right = [cosine(step / (STEPS * epochs)) for step in range(STEPS * epochs)]
    assert len(rates) == len(right)
    assert rates[0] == 1
    known = 0 if WARNING[name] is None else STEPS + 1
    assert rates[known:] == pytest.approx(right[known:], abs=1e-12)
    assert all(later <= earlier for earlier, later in pairwise(rates))
    assert min(rates) > 0
    assert last_rate(history, epochs) == 0
    warning = history.metrics[0].get("warning")
    assert (warning is None) == (WARNING[name] is None)
    assert (WARNING[name] or "") in (warning or "")
    assert not any("warning" in metrics for metrics in history.metrics[1:])


def test_without_a_length_the_first_epoch_has_the_rate_of_the_start(train, data, rates):
    train(build, {}, data("Streamed"), options(3))
    assert rates[:STEPS] == [1] * STEPS
    assert rates[STEPS] == cosine(1 / 3)


def test_epochs_of_different_lengths_end_where_they_should(train, data, rates):
    history = train(build, {}, data("Changing"), options(4))
    assert len(rates) == 6 + 8 + 4 + 9
    firsts = [rates[place] for place in (0, 6, 14, 18)]
    assert firsts == pytest.approx([cosine(epoch / 4) for epoch in range(4)])
    assert all(later <= earlier for earlier, later in pairwise(rates))
    assert min(rates) > 0
    assert last_rate(history, 4) == 0


@pytest.mark.parametrize("name", WARNING)
def test_a_constant_rate_needs_no_length(train, data, rates, name):
    history = train(build, {}, data(name), options(2, schedule="constant"))
    assert rates == [1] * 2 * STEPS
    assert not any("warning" in metrics for metrics in history.metrics)


def test_every_schedule_is_tested_here():
    assert set(SCHEDULES) == {"constant", "cosine"}


@pytest.mark.parametrize("name", ["Known", "ShortLook"])
def test_validation_sees_every_sample_whatever_its_loader_says(train, data, name):
    history = train(build, {}, data(name), options(1))
    whole = data("Known").instance().val_dataloader().dataset.tensors
    weights = history.state(1)["state_dict"]
    outputs = whole[0] @ weights["net.weight"].T + weights["net.bias"]
    right = (outputs.argmax(1) == whole[1]).float().mean()
    assert history.metrics[0]["val_accuracy"] == pytest.approx(float(right))
    loss = torch.nn.functional.cross_entropy(outputs, whole[1])
    assert history.metrics[0]["val_loss"] == pytest.approx(float(loss), rel=1e-5)


def test_a_checkpoint_of_before_goes_on(train, data, rates, tmp_path):
    """Up to raynas 0.2 the schedule was PyTorch's, which keeps more of itself."""
    whole = train(build, {}, data("Known"), options(3), folder="whole")
    state = whole.state(1)
    (kept,) = state["lr_schedulers"]
    kept.update(T_max=18, eta_min=0.0, _get_lr_called_within_step=False)
    torch.save(state, tmp_path / "before.ckpt")
    del rates[:]
    train(build, {}, data("Known"), options(3), checkpoint=tmp_path / "before.ckpt")
    assert rates == pytest.approx([cosine(step / 18) for step in range(6, 18)])
