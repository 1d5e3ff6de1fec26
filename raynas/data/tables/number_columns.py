"""A column of numbers: its values, and whether float32 holds them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raynas.data.intake import Intake, printable
from raynas.data.splits import Indices
from raynas.data.tables.float32_loss import float32_loss
from raynas.preparation import Floats

_LARGEST = float(np.finfo(np.float32).max)


class NumberColumn(NamedTuple):
    """A column of one table: as float64, NaN where a value is missing; and those that are there.

    `present` are of any type that can be sorted, as exact as they are stored.
    """

    exact: Floats
    present: npt.NDArray[Any]


def read_number_column(values: pa.ChunkedArray, rows: Indices, where: str) -> NumberColumn:
    """Read rows of a column; NaN and null are missing values.

    Raises:
        ValueError: one is infinite.
    """
    chosen = values if len(rows) == len(values) else values.take(pa.array(rows))
    if pa.types.is_null(chosen.type):
        chosen = chosen.cast(pa.float64())
    if pa.types.is_boolean(chosen.type):
        chosen = chosen.cast(pa.int8())
    if pa.types.is_float16(chosen.type):
        chosen = chosen.cast(pa.float32())
    exact = np.asarray(chosen.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    infinite = np.isinf(exact)
    if infinite.any():
        first = np.flatnonzero(infinite)[0]
        raise ValueError(
            f"{where} has {exact[first]} in row {rows[first]} ({infinite.sum():,} of "
            f"{len(rows):,} rows)"
        )
    return NumberColumn(exact, _sortable(chosen.filter(pa.array(~np.isnan(exact)))))


def _sortable(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return values as NumPy has them; decimals as the numbers of their different values."""
    if pa.types.is_decimal(values.type):
        values = values.combine_chunks().dictionary_encode().indices
        return np.asarray(values.to_numpy(zero_copy_only=False))
    return np.asarray(values.to_numpy())


def float32_problem(name: str, columns: dict[str, NumberColumn], intake: Intake) -> str:
    """Say why float32 does not hold a column's values, "" where it does; a person is warned."""
    shown = printable(name)
    present = {part: column.exact[~np.isnan(column.exact)] for part, column in columns.items()}
    largest = max((np.abs(exact).max(initial=0) for exact in present.values()), default=0)
    if largest > _LARGEST:
        intake.warnings.append(
            f"column {shown!r} is left out: it has values up to {largest:.1e}, float32 ends at "
            f"{_LARGEST:.1e}; write it in larger units, or its logarithm"
        )
        return f"values up to {largest:.1e}"
    loss = float32_loss(columns["train"].present, present["train"])
    if loss is None:
        return ""
    left = f"{loss.before:,} different values become {loss.after:,} in float32"
    if loss.serious:
        intake.warnings.append(
            f"column {shown!r} is left out: its {left}; write it with an offset taken off, such as "
            "seconds since the first row"
        )
        return "loses its values"
    intake.warnings.append(f"column {shown!r} loses some of its values: {left}")
    return ""
