"""Batches of a split as they are stored, for whoever looks at a trained network."""

from collections.abc import Iterator
from itertools import islice

from torch import Tensor

from raynas.training.source import DataSource


def stored_batches(
    data: DataSource, split: str, *, batch_size: int = 64, limit: int | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (inputs, labels) of "train" or "validation", at most `limit` batches."""
    module = data.module(batch_size, seed=0)
    module.prepare_data()
    module.setup("fit")
    loader = module.train_dataloader() if split == "train" else module.val_dataloader()
    yield from islice(loader, limit)
