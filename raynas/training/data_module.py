"""Data sets as Lightning takes them, whole or shared by the workers of one trial."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, RandomSampler

from raynas.data import (
    ArrayData,
    Batches,
    DataSource,
    ShuffledBatches,
    UserData,
    set_batch_size,
)


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


def data_module(data: DataSource, batch_size: int, seed: int) -> LightningDataModule:
    """Return the data module of one trial.

    Of a user's own, `batch_size` is set for this trial, if it has one, as an attribute or in its
    `hparams`. It needs no seed: a loader that shuffles draws from PyTorch's generator, which is
    seeded before each epoch.
    """
    if isinstance(data, ArrayData):
        return ArrayDataModule(data, batch_size, seed)
    if not isinstance(data, UserData):
        raise TypeError(f"no data module of a {type(data).__name__}")
    module = data.instance()
    set_batch_size(module, batch_size)
    return module if isinstance(module, LightningDataModule) else _Adapter(module)


def stored_batches(
    data: DataSource, split: str, *, batch_size: int = 64, limit: int | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (inputs, labels) of "train" or "validation", at most `limit` batches."""
    module = data_module(data, batch_size, seed=0)
    module.prepare_data()
    module.setup("fit")
    loader = module.train_dataloader() if split == "train" else module.val_dataloader()
    yield from islice(loader, limit)


def divide(module: LightningDataModule, rank: int, workers: int) -> None:
    """Let a data module give worker `rank` of `workers` its share of the training data.

    Ours does by itself. A user's loader that has no sampler for several workers is given one.
    Validation and test data are not divided: every worker sees them all.
    """
    if not isinstance(module, ArrayDataModule):
        whole = module.train_dataloader
        module.train_dataloader = partial(_share, whole, rank, workers)  # type: ignore[method-assign]  # of this object alone


def _share(whole: Any, rank: int, workers: int) -> Any:
    """Return the loader that `whole()` makes, with a share of its samples.

    Raises:
        ValueError: it is no DataLoader of a data set with numbered samples.
    """
    loader = whole()
    if isinstance(getattr(loader, "sampler", None), DistributedSampler):
        return loader
    if not isinstance(loader, DataLoader) or isinstance(loader.dataset, IterableDataset):
        raise ValueError(
            "several workers can share train_dataloader() only if it is a torch DataLoader of a "
            f"data set with numbered samples, got {type(loader).__name__}; or give it a sampler "
            "that knows the worker's rank"
        )
    shuffle = isinstance(loader.sampler, RandomSampler)
    return DataLoader(
        loader.dataset,
        batch_size=loader.batch_size,
        sampler=DistributedSampler(loader.dataset, workers, rank, shuffle=shuffle),
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        drop_last=loader.drop_last,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=loader.persistent_workers,
    )


class _Adapter(LightningDataModule):
    """Passes on a data module of the `lightning` package, whose classes are not our Trainer's."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self._module = module

    def prepare_data(self) -> None:
        self._module.prepare_data()

    def setup(self, stage: str) -> None:
        self._module.setup(stage)

    def train_dataloader(self) -> Any:
        return self._module.train_dataloader()

    def val_dataloader(self) -> Any:
        return self._module.val_dataloader()

    def test_dataloader(self) -> Any:
        return self._module.test_dataloader()
