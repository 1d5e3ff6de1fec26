"""Batches of arrays that are in memory, as nets take them: normalised once, on their device."""

import weakref
from collections.abc import Iterator

import torch
from torch import Tensor

from raynas.data import ArrayData, Batches
from raynas.training.candidate import Candidate

Batch = tuple[Tensor, Tensor]

HELD_BYTES = 512 * 2**20
"""A split that is no larger when normalised is held so, by each worker; on a GPU, one of at most a
quarter of its free memory. A larger one is normalised batch by batch."""
CHUNK_BYTES = 16 * 2**20
"""How much of a split that is held is put in order at once."""
CHUNK_ROWS = 1024
"""How many rows are normalised at once."""


class Feed:
    """Gives batches of stored samples to a net on a device; it may change them in place."""

    def __init__(self, data: ArrayData, device: torch.device) -> None:
        """Feed from `data`, which nobody changes."""
        self._data, self._device = weakref.ref(data), device
        self._held: dict[tuple[int, torch.dtype], Batch] = {}

    def serves(self, data: ArrayData, device: torch.device) -> bool:
        """Whether this is a feed of that data to that device."""
        return self._data() is data and self._device == device

    def batches(self, stored: Batches, candidate: Candidate) -> Iterator[Batch]:
        """Yield what `stored` yields, prepared for the candidate."""
        order, size = torch.from_numpy(stored.order()), stored.batch_size
        row_bytes = candidate.mean.element_size() * stored.row_numbers
        if len(stored.labels) * row_bytes > self._room():
            for rows in torch.split(order, size):
                yield self._prepare(stored, candidate, rows)
            return
        inputs, labels = self._hold(stored, candidate)
        chunk = size * max(1, CHUNK_BYTES // (size * row_bytes))
        for rows in torch.split(order.to(self._device), chunk):
            ordered = (torch.split(part.index_select(0, rows), size) for part in (inputs, labels))
            yield from zip(*ordered, strict=True)

    def _prepare(self, stored: Batches, candidate: Candidate, rows: Tensor) -> Batch:
        inputs, labels = stored.take(rows.numpy())
        return candidate.prepared(inputs.to(self._device)), labels.to(self._device)

    def _hold(self, stored: Batches, candidate: Candidate) -> Batch:
        key = id(stored.inputs), candidate.mean.dtype
        if key not in self._held:
            rows = len(stored.labels)
            inputs = torch.empty(
                (rows, *stored.inputs.shape[1:]), dtype=candidate.mean.dtype, device=self._device
            )
            labels = torch.empty(rows, dtype=torch.int64, device=self._device)
            for part in torch.split(torch.arange(rows), CHUNK_ROWS):
                first, last = int(part[0]), int(part[-1]) + 1
                inputs[first:last], labels[first:last] = self._prepare(stored, candidate, part)
            self._held[key] = inputs, labels
        return self._held[key]

    def _room(self) -> float:
        if self._device.type != "cuda":
            return HELD_BYTES
        free, _ = torch.cuda.mem_get_info(self._device)
        held = sum(inputs.nbytes for inputs, _ in self._held.values())
        return (free + held) / 4


_last: Feed | None = None


def feed_of(data: ArrayData, device: torch.device) -> Feed:
    """Return the feed of a data set to a device; the last one is kept for the next training."""
    global _last
    if _last is None or not _last.serves(data, device):
        _last = Feed(data, device)
    return _last
