"""Batches of arrays that are in memory, made by index."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raynas.data.splits import Indices, split_stratified


class Batches:
    """Batches of (inputs, labels) as tensors, in the order in which they are stored.

    Each batch is gathered by index into memory of its own: the arrays may be read-only and are
    shared by all who read them.
    """

    def __init__(
        self, inputs: npt.NDArray[Any], labels: npt.NDArray[np.int64], batch_size: int
    ) -> None:
        """Divide arrays of the same length into batches; the last one may be smaller."""
        self.inputs, self.labels, self.batch_size = inputs, labels, batch_size

    @property
    def row_numbers(self) -> int:
        """How many numbers a sample has."""
        return math.prod(self.inputs.shape[1:])

    def order(self) -> npt.NDArray[np.int64]:
        """Return the rows of one epoch, in order."""
        return np.arange(len(self.labels))

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of one epoch."""
        order = self.order()
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield self.take(rows)

    def take(self, rows: Indices) -> tuple[Tensor, Tensor]:
        """Return a copy of some rows."""
        return torch.from_numpy(self.inputs[rows]), torch.from_numpy(self.labels[rows])


class ShuffledBatches(Batches):
    """Batches for training: a new order each epoch, which depends on seed and epoch only.

    With several workers each gets its own equal share. A last batch of one sample is left out
    unless it is the only one: it would be noise, and its statistics are not defined.
    """

    def __init__(
        self,
        inputs: npt.NDArray[Any],
        labels: npt.NDArray[np.int64],
        batch_size: int,
        seed: int,
        *,
        rank: int = 0,
        workers: int = 1,
        rows: Indices | None = None,
    ) -> None:
        """Divide the share of worker `rank` of `workers`; of these `rows`, or of all."""
        super().__init__(inputs, labels, batch_size)
        self._seed, self._rank, self._workers = seed, rank, workers
        self._rows = np.arange(len(labels)) if rows is None else rows
        self._epoch = 0
        share = len(self._rows) // workers
        self._size = share - 1 if share > batch_size > 1 and share % batch_size == 1 else share

    @property
    def sampler(self) -> "ShuffledBatches":
        """Where Lightning looks for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0; Lightning does."""
        self._epoch = epoch

    def halves(self) -> "tuple[ShuffledBatches, ShuffledBatches]":
        """Divide the rows, class by class, into two disjoint halves, by the seed."""
        labels = self.labels[self._rows]
        parts = split_stratified(labels, {"second": 0.5}, np.random.default_rng([self._seed]))
        first, second = (
            ShuffledBatches(
                self.inputs, self.labels, self.batch_size, self._seed,
                rank=self._rank, workers=self._workers, rows=self._rows[parts[name]],
            )
            for name in ("train", "second")
        )  # fmt: skip
        return first, second

    def order(self) -> npt.NDArray[np.int64]:
        """Return this worker's rows of the epoch, in order."""
        order = np.random.default_rng([self._seed, self._epoch]).permutation(self._rows)
        return order[self._rank :: self._workers][: self._size]

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-self._size // self.batch_size)
