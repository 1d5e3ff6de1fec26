"""A data set in memory, and its data module."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pytorch_lightning import LightningDataModule

from raynas.data.batches import Batches, ShuffledBatches

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ArrayData:
    """A data set in memory, divided into "train", "validation" and "test".

    `inputs` are uint8 images (rows, channels, height, width) or float32 features (rows, features);
    `labels` are class numbers. `mean` and `std` are taken over the training split, a number a
    channel or feature, in the units of the inputs. Only arrays and plain data: Ray's object store
    keeps one copy a node, which all trials read.
    """

    name: str
    inputs: dict[str, npt.NDArray[Any]]
    labels: dict[str, npt.NDArray[np.int64]]
    label_names: Sequence[str]
    mean: npt.NDArray[np.float32]
    std: npt.NDArray[np.float32]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self.inputs["train"].shape[1:])

    @property
    def num_outputs(self) -> int:
        """How many classes there are."""
        return len(self.label_names)

    def summary(self) -> str:
        """Say how many samples there are, of what, and how they are divided."""
        shape = "×".join(map(str, self.input_shape))
        kind = "images" if len(self.input_shape) == 3 else "rows of numbers"
        train, validation, test = (len(self.labels[split]) for split in SPLITS)
        return (
            f"{train + validation + test:,} {kind} ({shape}) in {self.num_outputs} classes: "
            f"{train:,} to train on, {validation:,} to validate, {test:,} to test"
        )

    def module(self, batch_size: int, seed: int) -> LightningDataModule:
        """Return the data module of one trial."""
        return ArrayDataModule(self, batch_size, seed)


class ArrayDataModule(LightningDataModule):
    """Feeds a trial from arrays: no copy of the data set, no loader processes.

    The order of the training batches depends on the seed and the epoch only.
    """

    def __init__(self, data: ArrayData, batch_size: int, seed: int) -> None:
        """Feed batches of `batch_size` samples."""
        super().__init__()
        self.data, self._batch_size, self._seed = data, batch_size, seed

    def train_dataloader(self) -> ShuffledBatches:
        """Return the training batches of this worker."""
        inputs, labels = self.data.inputs["train"], self.data.labels["train"]
        rank, workers = 0, 1
        if self.trainer is not None:
            rank, workers = self.trainer.global_rank, self.trainer.world_size
        return ShuffledBatches(
            inputs, labels, self._batch_size, self._seed, rank=rank, workers=workers
        )

    def val_dataloader(self) -> Batches:
        """Return the validation batches, all of them on every worker."""
        return self._stored("validation")

    def test_dataloader(self) -> Batches:
        """Return the test batches, all of them on every worker."""
        return self._stored("test")

    def _stored(self, split: str) -> Batches:
        # Without gradients there is room for more at once, and the result is the same.
        return Batches(self.data.inputs[split], self.data.labels[split], 4 * self._batch_size)


def mean_and_std(
    inputs: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return mean and standard deviation of each channel or feature; what is constant has std 1.

    Works through the rows in pieces, so that nothing as large as `inputs` is made.
    """
    axes = (0, *range(2, inputs.ndim))
    shape = (1, -1) + (1,) * (inputs.ndim - 2)
    mean = inputs.mean(axis=axes, dtype=np.float64)
    squares = np.zeros_like(mean)
    for start in range(0, len(inputs), 1024):
        piece = inputs[start : start + 1024] - mean.reshape(shape)
        squares += np.square(piece).sum(axis=axes)
    std = np.sqrt(squares / (inputs.size / len(mean)))
    return mean.astype(np.float32), np.where(std > 0, std, 1.0).astype(np.float32)
