"""The contract of a data set: what trials, their normalisation and a fair test rest on."""
# ruff: noqa: S101 (tests assert)

import pickle
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from raynas.data import DataSource
from raynas.training.data_module import data_module

SPLITS = ("train", "validation", "test")
BATCH = 16


class DataContract:
    """What every data set must do; a subclass implements `make`.

    class TestMine(DataContract):
        def make(self, data_seed):
            return load_data("my.parquet", DataOptions(data_seed=data_seed))
    """

    seeded: ClassVar[bool] = True
    """Whether another `data_seed` divides the rows otherwise."""
    distinct: ClassVar[bool] = True
    """Whether no two rows of the data are equal; else nobody sees whether splits are disjoint."""

    def make(self, data_seed: int) -> DataSource:
        """Load the data set, divided by this seed where it does not come divided."""
        raise NotImplementedError("say in make() how your data set is loaded")

    def batches(self, data: DataSource, split: str, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
        """Return the batches of one epoch as a trial gets them: (inputs, labels)."""
        module = data_module(data, BATCH, seed)
        module.prepare_data()
        module.setup("test" if split == "test" else "fit")
        loaders = {
            "train": module.train_dataloader,
            "validation": module.val_dataloader,
            "test": module.test_dataloader,
        }
        torch.manual_seed(seed)
        return [(inputs, labels) for inputs, labels in loaders[split]()]

    def rows(self, data: DataSource, split: str) -> list[bytes]:
        """Return the inputs of a split, each as its bytes."""
        batches = [inputs.numpy() for inputs, _ in self.batches(data, split)]
        return [row.tobytes() for part in batches for row in part]

    @pytest.mark.parametrize("split", SPLITS)
    def test_batches_have_the_shapes_that_the_data_set_says(self, split: str) -> None:
        """Tensors of (batch, *input_shape) and one label each, finite, of one type throughout."""
        data = self.make(0)
        batches = self.batches(data, split)
        assert batches
        for inputs, labels in batches:
            assert isinstance(inputs, Tensor)
            assert isinstance(labels, Tensor)
            assert tuple(inputs.shape[1:]) == tuple(data.input_shape)
            assert len(inputs) == len(labels) > 0
            assert torch.isfinite(inputs.double()).all()
            assert (inputs.dtype, labels.dtype) == (batches[0][0].dtype, batches[0][1].dtype)

    @pytest.mark.parametrize("split", SPLITS)
    def test_labels_are_in_range(self, split: str) -> None:
        """A label is the number of a class, which has a name; each class is trained on."""
        data = self.make(0)
        assert data.num_outputs == len(data.label_names) >= 2
        assert len(set(data.label_names)) == data.num_outputs
        labels = torch.cat([labels for _, labels in self.batches(data, split)])
        assert labels.dtype == torch.int64
        assert labels.ndim == 1
        assert labels.min() >= 0
        assert labels.max() < data.num_outputs
        if split == "train":
            assert len(set(labels.tolist())) == data.num_outputs

    def test_no_row_is_in_two_splits(self) -> None:
        """What is trained on is neither validated nor tested with (see `distinct`)."""
        if not self.distinct:
            pytest.skip("rows of the data are equal")
        data = self.make(0)
        train, validation, test = (set(self.rows(data, split)) for split in SPLITS)
        assert not train & validation
        assert not train & test
        assert not validation & test

    def test_the_seed_alone_decides_the_split(self) -> None:
        """The same `data_seed` divides the same way, another one otherwise (see `seeded`)."""
        one, again, other = self.make(1), self.make(1), self.make(2)
        assert one.fingerprint() == again.fingerprint()
        for split in SPLITS:
            assert sorted(self.rows(one, split)) == sorted(self.rows(again, split))
        differs = sorted(self.rows(one, "test")) != sorted(self.rows(other, "test"))
        assert differs == self.seeded
        if self.seeded and one.fingerprint():
            assert one.fingerprint() != other.fingerprint()

    @pytest.mark.parametrize("split", ["validation", "test"])
    def test_what_is_measured_on_comes_in_order_and_complete(self, split: str) -> None:
        """Whatever the trial's seed, so that trials are compared on the same rows."""
        data = self.make(0)
        one, other = self.batches(data, split, seed=0), self.batches(data, split, seed=1)
        assert len(one) == len(other)
        for (inputs, labels), (inputs_again, labels_again) in zip(one, other, strict=True):
            assert torch.equal(inputs, inputs_again)
            assert torch.equal(labels, labels_again)

    def test_a_seed_fixes_the_order_of_training(self) -> None:
        """The same seed trains in the same order, another one in another, on the same rows."""
        data = self.make(0)
        one, again, other = (self.batches(data, "train", seed) for seed in (0, 0, 1))
        assert _bytes(one) == _bytes(again)
        assert _bytes(one) != _bytes(other)

    def test_it_is_normalised_by_what_it_is_trained_on(self) -> None:
        """`mean` and `std` are of each channel or feature over the training split, or None."""
        data = self.make(0)
        assert (data.mean is None) == (data.std is None)
        if data.mean is None or data.std is None:
            return
        assert data.mean.shape == data.std.shape == (data.input_shape[0],)
        assert np.isfinite(data.mean).all()
        assert (data.std > 0).all()
        train = torch.cat([inputs for inputs, _ in self.batches(data, "train")]).double().numpy()
        axes = (0, *range(2, train.ndim))
        std = train.std(axis=axes)
        near = 1e-2 * np.where(std > 0, std, 1)  # a row may be left out of the last batch
        assert (abs(data.mean - train.mean(axis=axes)) <= near).all()
        assert (abs(data.std - np.where(std > 0, std, 1)) <= near).all()

    def test_it_can_be_sent_to_workers(self) -> None:
        """Pickled, it is the same data set."""
        data = self.make(0)
        sent: Any = pickle.loads(pickle.dumps(data))
        assert (sent.name, sent.input_shape, list(sent.label_names)) == (
            data.name,
            data.input_shape,
            list(data.label_names),
        )
        assert sent.fingerprint() == data.fingerprint()
        assert sent.summary() == data.summary()
        assert "\n" not in sent.summary()
        for split in SPLITS:
            assert _bytes(self.batches(sent, split)) == _bytes(self.batches(data, split))


def _bytes(batches: list[tuple[Tensor, Tensor]]) -> list[bytes]:
    parts: list[NDArray[Any]] = [part.numpy() for batch in batches for part in batch]
    return [part.tobytes() for part in parts]
