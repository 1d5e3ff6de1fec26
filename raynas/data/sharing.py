"""How the workers of one trial share its training batches."""

from functools import partial
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, RandomSampler

from raynas.data.array_data import ArrayDataModule


def check_shares(batch_size: int, workers: int, name: str = "batch_size") -> None:
    """Check that each worker gets as much of a batch, whose size is the option `name`.

    Raises:
        ValueError: it does not.
    """
    if batch_size % workers:
        raise ValueError(
            f"{name}: expected a multiple of the {workers} workers of a trial, got {batch_size}"
        )


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
