"""How many batches a loader gives: what it says of itself is believed only where it must be right.

A loader may say too much or too little (a stream of known length that several processes read, a
sampler of the user's own). Lightning would leave out the batches beyond what it says, and the
validation of an epoch that ends before.
"""

import math
from collections.abc import Iterator, Sized
from functools import partial
from typing import Any

from pytorch_lightning import LightningDataModule, Trainer
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from raynas.data import Batches, ShuffledBatches

LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
EXACT_SAMPLERS = (
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


class OpenEnded:
    """A loader that is read to its end, whatever length it says it has; else the same."""

    def __init__(self, loader: Any) -> None:
        """Wrap a loader; `expected` is the number of batches that it says it has, if it does."""
        self._loader = loader
        self.expected = _length(loader)

    def __iter__(self) -> Iterator[Any]:
        """Begin an epoch when its first batch is asked for.

        Lightning begins one of any loader that is no DataLoader just to see whether it can; what
        the user's loader drew for that would be missing in a training that is resumed.
        """
        yield from self._loader

    def __getattr__(self, name: str) -> Any:
        """Return what else a loader has: Lightning tells its samplers the epoch."""
        if name == "_loader":  # not there yet, as while it is unpickled
            raise AttributeError(name)
        return getattr(self._loader, name)


def read_to_the_end(module: LightningDataModule) -> None:
    """Let a data module's loaders be read to their ends, where their lengths may be wrong."""
    for name in LOADERS:
        whole = getattr(module, name)
        if not (isinstance(whole, partial) and whole.func is _open_ended):
            setattr(module, name, partial(_open_ended, whole))


def steps_expected(trainer: Trainer) -> float:
    """Return how many steps the first epoch is to have; infinity where its loader has no length."""
    batches = float(trainer.num_training_batches)
    if math.isfinite(batches):
        return max(1.0, batches)
    expected = getattr(trainer.train_dataloader, "expected", None)
    return float(expected) if isinstance(expected, int) and expected > 0 else math.inf


def length_warning(steps: int, expected: float) -> str | None:
    """Say after the first epoch that it had not the steps that a schedule counted on."""
    if steps == expected:
        return None
    if math.isinf(expected):
        return (
            "train_dataloader() has no length: the learning rate stays what it is at the start in "
            "the first epoch, and follows its schedule from the second one on"
        )
    return (
        f"train_dataloader() says that it has {expected:.0f} batches, and has {steps}: the "
        "learning rate follows its schedule by the right number from the second epoch on"
    )


def open_ended(loader: Any) -> Any:
    """Return a loader that is read to its end: itself where its length must be right."""
    return loader if _is_exact(loader) else OpenEnded(loader)


def _open_ended(whole: Any) -> Any:
    return open_ended(whole())


def _is_exact(loader: Any) -> bool:
    """Whether the length of a loader follows from that of a data set with numbered samples."""
    return isinstance(loader, Batches | ShuffledBatches) or (
        type(loader) is DataLoader
        and not isinstance(loader.dataset, IterableDataset)
        and type(loader.batch_sampler) in (BatchSampler, type(None))
        and type(loader.sampler) in EXACT_SAMPLERS
    )


def _length(loader: Any) -> int | None:
    try:
        return len(loader) if isinstance(loader, Sized) else None
    except (TypeError, NotImplementedError):  # a DataLoader of a stream without length
        return None
