"""Files that hold tables, by the ends of their names."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from raynas.data.intake import Intake
from raynas.data.readers.delimited_text import read_delimited
from raynas.data.readers.other_formats import PACKED
from raynas.data.readers.parquet_file import read_parquet

Reader = Callable[[Any, str, Intake], pa.Table]
"""Reads a file of a file system (fsspec) to a table, or raises ValueError with one line."""

READERS: dict[str, Reader] = {
    ".parquet": read_parquet,
    ".csv": read_delimited,
    ".tsv": read_delimited,
}
"""Of several kinds in one folder the first is read."""


def reader_of(file: str) -> str:
    """Return the end of a file's name that is in `READERS`, or "" where none is."""
    path = PurePosixPath(file)
    packed = path.suffix.lower() in PACKED
    suffix = (PurePosixPath(path.stem) if packed else path).suffix.lower()
    return suffix if suffix in READERS and not (packed and suffix == ".parquet") else ""
