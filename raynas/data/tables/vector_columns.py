"""Columns whose values become several numbers: dates, and lists of numbers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raynas.data.splits import Indices
from raynas.preparation import Floats


def dates(values: pa.ChunkedArray) -> npt.NDArray[np.datetime64]:
    """Return a column of dates or times as datetime64[s]; NaT where one is missing.

    Those with a time zone are in UTC.
    """
    seconds = values.cast(pa.timestamp("s"), safe=False) if len(values) else values
    return np.asarray(seconds.to_numpy(), dtype="datetime64[s]")


class Lists(NamedTuple):
    """A column of lists of numbers: which rows have one, their elements, the sizes there are."""

    present: npt.NDArray[np.bool_]
    flat: Floats
    sizes: set[int]

    def values(self, width: int) -> Floats:
        """Return the lists, all of one size, shape (rows, width); NaN where one is missing."""
        read = np.full((len(self.present), width), np.nan)
        read[self.present] = self.flat.reshape(-1, width)
        return read


def elements(values: pa.ChunkedArray, rows: Indices, where: str) -> Lists:
    """Read rows of a column of lists.

    Raises:
        ValueError: an element is infinite.
    """
    chosen = values.take(pa.array(rows))
    present = chosen.is_valid().to_numpy()
    full = chosen.drop_null()
    sizes = {size for size in pc.unique(pc.list_value_length(full)).to_pylist() if size is not None}
    flat = pc.list_flatten(full)
    if pa.types.is_boolean(flat.type):
        flat = flat.cast(pa.int8())
    numbers = np.asarray(flat.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    if len(sizes) == 1 and np.isinf(numbers).any():
        row = rows[np.flatnonzero(present)[np.argmax(np.isinf(numbers)) // next(iter(sizes))]]
        raise ValueError(f"{where} has an infinite number in row {row}")
    return Lists(present, numbers, sizes)
