"""Parquet files."""

import os
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from raynas.data.intake import Intake
from raynas.data.readers.other_formats import not_a_table

_MAGIC = b"PAR1"


def read_parquet(fs: Any, file: str, intake: Intake) -> pa.Table:
    """Read a file, whose pages are checked where they have checksums.

    Raises:
        ValueError: it is no Parquet, empty, truncated, encrypted or damaged.
    """
    try:
        with fs.open(file, "rb") as opened:
            problem = _problem(opened, file)
            if problem:
                raise ValueError(problem)
            table = pq.ParquetFile(opened, page_checksum_verification=True).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(_unreadable(file, error)) from error
    return table


def _problem(opened: Any, file: str) -> str:
    """Say why a file is no whole Parquet file, by its first and last bytes; "" where it is one."""
    size = opened.seek(0, os.SEEK_END)
    opened.seek(0)
    head = opened.read(4)
    opened.seek(max(0, size - 4))
    tail = opened.read(4)
    opened.seek(0)
    if size == 0:
        return f"{file} is empty (0 bytes); expected a Parquet file"
    if head == _MAGIC and tail != _MAGIC:
        return (
            f"{file} is truncated: after {size:,} bytes it has not come to the end that a Parquet "
            "file has; copy or write it again"
        )
    if head == b"PARE" or tail == b"PARE":
        return f"{file} is encrypted; expected a Parquet file that is not"
    return not_a_table(file) if head != _MAGIC or size < 12 else ""


def _unreadable(file: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number is not None:
        return f"{file} cannot be read: {os.strerror(number)}"
    return f"{file} is damaged: it begins as a Parquet file but cannot be read; write it again"
