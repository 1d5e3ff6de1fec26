"""The training split in two disjoint halves: one trains a supernet's weights, one its alphas."""

from collections.abc import Sized
from typing import Any

import numpy as np
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, IterableDataset, Subset

from raynas.training.batches import ShuffledBatches
from raynas.training.source import DataSource

HALVES = ("weights", "alphas")


class HalvedData(LightningDataModule):
    """Another data module's data, with "weights" and "alphas" batches of its training split.

    Which sample is in which half depends on the seed only. Validation and test stay as they are.
    """

    def __init__(self, module: LightningDataModule, seed: int) -> None:
        """Divide the training split of a data module."""
        super().__init__()
        self._module, self._seed = module, seed

    def prepare_data(self) -> None:
        """Download, or whatever the module does once."""
        self._module.prepare_data()

    def setup(self, stage: str) -> None:
        """Set the module up."""
        self._module.setup(stage)

    def train_dataloader(self) -> dict[str, Any]:
        """Return the batches of each half; a training step gets one of each."""
        self._module.trainer = self.trainer
        loader = self._module.train_dataloader()
        if isinstance(loader, ShuffledBatches):
            return dict(zip(HALVES, loader.halves(), strict=True))
        return _halves(loader, self._seed)

    def val_dataloader(self) -> Any:
        """Return the validation batches, which train nothing."""
        return self._module.val_dataloader()


def halved(data: DataSource, batch_size: int, seed: int) -> HalvedData:
    """Return the data module of a supernet's trial."""
    return HalvedData(data.module(batch_size, seed), seed)


def _halves(loader: Any, seed: int) -> dict[str, Any]:
    """Divide the data set of a user's loader; each half is shuffled, whatever the loader did.

    Raises:
        ValueError: the loader has no data set whose rows can be chosen.
    """
    dataset: Any = getattr(loader, "dataset", None)
    sized = isinstance(dataset, Sized) and not isinstance(dataset, IterableDataset)
    if not isinstance(loader, DataLoader) or not sized or loader.batch_size is None:
        raise ValueError(
            "a supernet trains on two halves of the training split: train_dataloader() must be a "
            "DataLoader with a batch_size and a data set of known length"
        )
    order = np.random.default_rng([seed, 2]).permutation(len(dataset))
    size = -(-len(order) // 2)
    return {
        half: DataLoader(
            Subset(dataset, rows.tolist()),
            loader.batch_size,
            shuffle=True,
            num_workers=loader.num_workers,
            collate_fn=loader.collate_fn,
            drop_last=len(rows) > loader.batch_size,
        )
        for half, rows in zip(HALVES, np.split(order, [size]), strict=True)
    }
