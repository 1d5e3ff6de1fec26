"""The training split in two disjoint halves: one trains a supernet's weights, one its alphas."""

from collections.abc import Iterator, Sized
from typing import Any

import numpy as np
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, Subset

from raynas.data.batches import ShuffledBatches
from raynas.data.source import DataSource
from raynas.options.training_options import check_shares
from raynas.training.candidate import Candidate
from raynas.training.data_module import data_module
from raynas.training.feed import Batch, Feed
from raynas.training.lengths import open_ended
from raynas.training.trainer import Team

HALVES = ("weights", "alphas")


class HalvedData(LightningDataModule):
    """Another data module's data, with "weights" and "alphas" batches of its training split.

    Which sample is in which half depends on the seed only. Validation and test stay as they are.
    """

    def __init__(
        self, module: LightningDataModule, seed: int, *, rank: int = 0, workers: int = 1
    ) -> None:
        """Divide the training split of a data module; worker `rank` gets its share of each half."""
        super().__init__()
        self.module, self._seed, self._rank, self.workers = module, seed, rank, workers

    def prepare_data(self) -> None:
        """Download, or whatever the module does once."""
        self.module.prepare_data()

    def setup(self, stage: str) -> None:
        """Set the module up."""
        self.module.setup(stage)

    def train_dataloader(self) -> dict[str, Any]:
        """Return the batches of each half; a training step gets one of each."""
        self.module.trainer = self.trainer
        loader = self.module.train_dataloader()
        if isinstance(loader, ShuffledBatches):
            return dict(zip(HALVES, loader.halves(), strict=True))
        return self._divided(loader)

    def val_dataloader(self) -> Any:
        """Return the validation batches, which train nothing."""
        return open_ended(self.module.val_dataloader())

    def _divided(self, loader: Any) -> dict[str, Any]:
        """Divide the data set of a user's loader; each half is shuffled, whatever the loader did.

        Raises:
            ValueError: the loader has no data set whose rows can be chosen.
        """
        dataset: Any = getattr(loader, "dataset", None)
        sized = isinstance(dataset, Sized) and not isinstance(dataset, IterableDataset)
        if not isinstance(loader, DataLoader) or not sized or loader.batch_size is None:
            raise ValueError(
                "a supernet trains on two halves of the training split: train_dataloader() must be "
                "a DataLoader with a batch_size and a data set of known length"
            )
        order = np.random.default_rng([self._seed, 2]).permutation(len(dataset))
        size = -(-len(order) // 2)
        halves = {}
        for half, rows in zip(HALVES, np.split(order, [size]), strict=True):
            subset: Subset[Any] = Subset(dataset, rows.tolist())
            sampler: DistributedSampler[Any] = DistributedSampler(
                subset, self.workers, self._rank, seed=self._seed
            )
            halves[half] = DataLoader(
                subset,
                loader.batch_size,
                sampler=sampler,
                num_workers=loader.num_workers,
                collate_fn=loader.collate_fn,
                drop_last=len(sampler) > loader.batch_size,
            )
        return halves


class TwoStreams:
    """Batches of both halves; the shorter half begins anew until the longer one ends."""

    def __init__(self, halves: dict[str, ShuffledBatches]) -> None:
        """Train on both."""
        self._halves = halves
        self.steps = max(len(half) for half in halves.values())

    def batches(self, feed: Feed, candidate: Candidate, epoch: int) -> Iterator[dict[str, Batch]]:
        """Yield a batch of each half, by its name."""

        def again_and_again(half: ShuffledBatches) -> Iterator[Batch]:
            while True:
                yield from feed.batches(half, candidate)

        for half in self._halves.values():
            half.set_epoch(epoch)
        streams = {name: again_and_again(half) for name, half in self._halves.items()}
        for _ in range(self.steps):
            yield {name: next(stream) for name, stream in streams.items()}


def halved(data: DataSource, batch_size: int, seed: int, team: Team | None = None) -> HalvedData:
    """Return the data module of a supernet's trial; `batch_size` samples of each half a step.

    Raises:
        ValueError: the workers of a team cannot share so many samples.
    """
    rank, workers = (team.rank, team.workers) if team else (0, 1)
    check_shares(batch_size, workers, "supernet_batch_size")
    module = data_module(data, batch_size // workers, seed)
    return HalvedData(module, seed, rank=rank, workers=workers)
