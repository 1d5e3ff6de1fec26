"""A resumed training is the uninterrupted one, bit for bit (on a CPU)."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from raynas.data import load_data
from raynas.options.data_options import DataOptions
from raynas.options.training_options import TrainingOptions

EPOCHS = 5
TIMES = {"train_seconds": 0.0, "latency_ms": 0.0}


SHUFFLED_DATA = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

generator = torch.Generator().manual_seed(0)
inputs = torch.rand(240, 6, generator=generator)
dataset = TensorDataset(inputs, (inputs.sum(1) > 3).long())


class Shuffled(LightningDataModule):
    input_shape, num_classes, batch_size = (6,), 2, 40

    def train_dataloader(self):
        return DataLoader(dataset, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(dataset, self.batch_size)

    test_dataloader = val_dataloader


class Stream(IterableDataset):
    def __iter__(self):
        for index in torch.randperm(len(dataset))[:120]:
            yield dataset[index]


class Streamed(Shuffled):
    def train_dataloader(self):
        return DataLoader(Stream(), self.batch_size)


class Wrong(DataLoader):
    def __len__(self):
        return 5


class Miscounted(Shuffled):
    def train_dataloader(self):
        return Wrong(Stream(), self.batch_size)


class Loader:
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        order = torch.randperm(len(dataset)).split(self.size)
        return iter([dataset[rows] for rows in order])


class NoDataLoader(Shuffled):
    def train_dataloader(self):
        return Loader(self.batch_size)
"""


class Noise(torch.nn.Module):
    def forward(self, inputs):
        return inputs + 0.1 * random.random() + 0.1 * np.random.rand() + 0.1 * torch.rand(1)


def build_noisy_net(value, input_shape, num_outputs):
    return torch.nn.Sequential(torch.nn.Flatten(), Noise(), torch.nn.LazyLinear(num_outputs))


def assert_same_bits(one, other):
    """Compare two nested states; the time that training took may differ."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key not in TIMES:
                assert_same_bits(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same_bits(left, right)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    else:
        assert one == other


def disturb():
    """Use up random numbers, as a restarted process or another trial would."""
    random.random()
    np.random.rand(3)
    torch.rand(7)


def config(**options):
    return TrainingOptions(**{"epochs": EPOCHS, "batch_size": 100, **options})


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adam", "schedule": "cosine"},
        {"optimizer": "sgd", "schedule": "constant", "gradient_clip": 0.5, "label_smoothing": 0.1},
        {"optimizer": "rmsprop", "weight_decay": 0.01, "precision": "bf16-mixed"},
    ],
)
def test_resumed_after_any_epoch_ends_with_the_same_bits(train, digits, hard_net, options):
    whole = train(hard_net, {}, digits, config(**options), folder="whole")
    assert [metrics["epoch"] for metrics in whole.metrics] == [1, 2, 3, 4, 5]
    for epoch in range(1, EPOCHS):
        disturb()
        resumed = train(
            hard_net, {}, digits, config(**options), folder=f"from{epoch}",
            checkpoint=whole.checkpoint(epoch),
        )  # fmt: skip
        rest = whole.metrics[epoch:]
        assert [m | TIMES for m in resumed.metrics] == [m | TIMES for m in rest]
        for later in range(epoch + 1, EPOCHS + 1):
            assert_same_bits(resumed.state(later), whole.state(later))


@pytest.mark.parametrize("name", ["Shuffled", "Streamed", "Miscounted", "NoDataLoader"])
def test_a_loader_of_the_users_own_that_shuffles_goes_on_with_the_same_bits(
    train, hard_net, tmp_path, monkeypatch, name
):
    (tmp_path / "shuffled_data.py").write_text(SHUFFLED_DATA)
    monkeypatch.syspath_prepend(str(tmp_path))
    data = load_data(f"shuffled_data:{name}", options=DataOptions())
    whole = train(hard_net, {}, data, config(), folder="whole")
    for epoch in range(1, EPOCHS):
        disturb()
        resumed = train(
            hard_net, {}, data, config(), folder="rest", checkpoint=whole.checkpoint(epoch)
        )
        assert [m | TIMES for m in resumed.metrics] == [m | TIMES for m in whole.metrics[epoch:]]
        assert_same_bits(resumed.state(EPOCHS), whole.state(EPOCHS))


def test_measuring_the_latency_of_a_net_that_draws_changes_nothing_of_its_training(train, digits):
    whole = train(build_noisy_net, {}, digits, config(epochs=2), folder="whole")
    resumed = train(build_noisy_net, {}, digits, config(epochs=2), checkpoint=whole.checkpoint(1))
    assert_same_bits(resumed.state(2), whole.state(2))


def test_a_chain_of_stops_and_resumes_ends_with_the_same_bits(train, digits, hard_net):
    whole = train(hard_net, {}, digits, config(), folder="whole")
    checkpoint = None
    for epoch in range(1, EPOCHS + 1):
        part = train(
            hard_net, {}, digits, config(), folder="parts", stop_after=epoch, checkpoint=checkpoint
        )
        assert [metrics["epoch"] for metrics in part.metrics] == [epoch]
        checkpoint = part.checkpoint(epoch)
    assert_same_bits(part.state(EPOCHS), whole.state(EPOCHS))


def test_train_seconds_go_on_over_a_resume(train, digits, hard_net):
    whole = train(hard_net, {}, digits, config())
    seconds = [metrics["train_seconds"] for metrics in whole.metrics]
    assert 0 < seconds[0] < seconds[-1]
    resumed = train(
        hard_net, {}, digits, config(), folder="resumed", checkpoint=whole.checkpoint(3)
    )
    assert seconds[2] < resumed.metrics[0]["train_seconds"] < resumed.metrics[1]["train_seconds"]


def test_a_finished_training_is_not_trained_again_but_reported_again(train, digits, hard_net):
    whole = train(hard_net, {}, digits, config(epochs=2))
    again = train(
        hard_net, {}, digits, config(epochs=2), folder="again", checkpoint=whole.checkpoint(2)
    )
    assert again.metrics == whole.metrics[1:]
    for part in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert_same_bits(again.state(2)[part], whole.state(2)[part])


def test_the_seed_decides_the_bits(train, digits, hard_net):
    runs = [
        train(hard_net, {}, digits, config(epochs=1), folder=str(i), seed=seed)
        for i, seed in enumerate((1, 1, 2))
    ]
    first, again, other = (run.state(1)["state_dict"]["net.1.weight"] for run in runs)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_another_process_goes_on_with_the_same_bits(train, digits, hard_net, tmp_path):
    whole = train(hard_net, {}, digits, config(), folder="whole")
    script = tmp_path / "resume.py"
    script.write_text(
        f"""
import sys
from pathlib import Path
sys.path[:0] = {sys.path!r}
import importlib.util, torch
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("helpers", {hard_net.__code__.co_filename!r})
helpers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helpers)
from raynas.options.training_options import TrainingOptions
from raynas.training import fit
from raynas.data import load_arrays
fit(
    helpers.build_hard_net, {{}}, load_arrays("digits"),
    TrainingOptions(epochs={EPOCHS}, batch_size=100), seed=0,
    on_epoch=helpers.History(Path({str(tmp_path)!r})),
    checkpoint=Path({str(whole.checkpoint(2))!r}),
)
"""
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    resumed = torch.load(tmp_path / f"{EPOCHS}.ckpt", weights_only=True)
    assert_same_bits(resumed, whole.state(EPOCHS))
