"""Columns of texts: those that name one of a few things, and those that do not."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raynas.data.splits import Indices
from raynas.preparation import InputColumn

LARGEST = 50
"""So many texts have an input each: the most frequent of the training rows."""
FEW = 10
"""So many texts are categories however few rows there are."""
MOST_NUMBERS = 0.9
"""From this share of numbers on, the other texts are slips of the hand."""


def texts(values: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Return a column as texts and None, whatever it holds."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    read = values.to_pylist()
    return np.array([None if value is None else str(value) for value in read], object)


def fit_category(name: str, values: npt.NDArray[np.object_]) -> InputColumn | str:
    """Make a column of texts of the training rows into inputs, or say why it is left out."""
    counts = Counter(text for text in values if text is not None)
    missing = any(text is None for text in values)
    if len(counts) + missing < 2:
        return "one value in all rows" if counts else "nothing in it"
    if len(counts) > max(FEW, len(values) / 2):
        return f"{len(counts):,} different texts in {len(values):,} rows: ids or sentences"
    frequent = sorted(counts, key=lambda text: (-counts[text], text))[:LARGEST]
    return InputColumn(
        name=name,
        kind="category",
        categories=sorted(frequent),
        fill=[0.0] * len(frequent),
        indicator=missing,
    )


def stray_text(values: npt.NDArray[np.object_], rows: Indices) -> tuple[str, int, int] | None:
    """Find texts in a column of numbers: the first one, its row, and how many there are.

    None where there is none, or where the texts are no exception.
    """
    present = [(text, row) for text, row in zip(values, rows, strict=True) if text is not None]
    strays = [(text, int(row)) for text, row in present if not is_written_number(text)]
    if not strays or len(strays) > (1 - MOST_NUMBERS) * len(present):
        return None
    return (*strays[0], len(strays))


def is_written_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
