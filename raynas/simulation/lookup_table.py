"""A benchmark table that answers for architectures instead of training them."""

import math
from collections.abc import Callable
from statistics import median
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from raynas.space import Architecture, LoadedSpace

ONE_SECOND = 1.0
"""What an evaluation takes where no column says it."""


class Lookup:
    """Answers with the signal and the duration that a table has for an architecture's key.

    A signal that is missing (null) or not finite is a failed trial; so is, with `absent_fails`, an
    architecture that is not in the table. It takes the median of the durations.
    """

    def __init__(
        self,
        space: LoadedSpace,
        table: str,
        key: str,
        signal: str,
        duration: str | None = None,
        *,
        absent_fails: bool = False,
    ) -> None:
        """Read the columns that are needed.

        Raises:
            ValueError: the space file has no `key`, the table cannot be read, a column is missing
                or of the wrong type, a key stands twice with different values, or a duration is not
                above 0.
        """
        if space.key is None:
            raise ValueError(
                f"space {space.name!r} cannot be looked up in a table: its file ({space.path}) has "
                "no `key(architecture)`, which returns the string under which the table knows it"
            )
        self._key_of: Callable[[Architecture], str] = space.key
        self._where = f"table {table}, column {key!r}"
        columns = read_columns(table, [key, signal, *([duration] if duration else [])])
        self.key_type = columns.schema.field(key).type
        if pa.types.is_nested(self.key_type):
            raise ValueError(f"{self._where}: expected texts or numbers, got {self.key_type}")
        signals = _numbers(columns, signal, table)
        seconds = _numbers(columns, duration, table) if duration else [ONE_SECOND] * len(signals)
        self._rows: dict[Any, tuple[float | None, float | None]] = {}
        for name, *row in zip(columns[key].to_pylist(), signals, seconds, strict=True):
            answer = (row[0] if row[0] is not None and math.isfinite(row[0]) else None, row[1])
            if self._rows.setdefault(name, answer) != answer:
                raise ValueError(f"{self._where}: {name!r} stands there twice, not with one answer")
        for name, (_, took) in self._rows.items():
            if took is None or not 0 < took < math.inf:
                raise ValueError(
                    f"table {table}, column {duration!r}: expected seconds above 0, "
                    f"got {took} for {name!r}"
                )
        self._absent = (None, self._usual_seconds()) if absent_fails else None

    def __len__(self) -> int:
        """Return the number of architectures in the table."""
        return len(self._rows)

    def _usual_seconds(self) -> float:
        seconds = [took or ONE_SECOND for _, took in self._rows.values()]
        return median(seconds) if seconds else ONE_SECOND

    def key(self, architecture: Architecture) -> str:
        """Return the key of an architecture.

        Raises:
            ValueError: the space file's function fails.
        """
        try:
            return self._key_of(architecture)
        except Exception as error:
            raise ValueError(
                f"`key` of the space file failed with {type(error).__name__}: {error} "
                f"for {architecture.value!r}"
            ) from error

    def __call__(self, architecture: Architecture) -> tuple[float | None, float]:
        """Return the signal (None: failed) and the seconds.

        Raises:
            ValueError: the architecture is not in the table.
        """
        name = self.key(architecture)
        try:
            signal, seconds = self._rows[name]
        except (KeyError, TypeError):
            if self._absent is not None:
                return self._absent
            raise ValueError(
                f"{self._where}: {name!r} is not there, the key of {architecture.value!r}; "
                f"expected one like {next(iter(self._rows), None)!r}; --missing fail takes it for "
                "a failed trial"
            ) from None
        return signal, seconds or ONE_SECOND


def read_columns(path: str, columns: list[str]) -> pa.Table:
    """Read columns of a Parquet file, local or by URL.

    Raises:
        ValueError: it cannot be read, or a column is not there.
    """
    try:
        with fsspec.open(path, "rb") as file:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            known = parquet.schema_arrow.names
            columns_read = parquet.read(
                columns=[name for name in dict.fromkeys(columns) if name in known]
            )
        columns_read.validate(full=True)
    except (OSError, ImportError, ValueError, pa.ArrowException) as error:
        problem = " ".join(str(error).split())
        raise ValueError(f"table {path} cannot be read: {problem}") from error
    for column in columns:
        if column not in known:
            raise ValueError(f"table {path} has no column {column!r}; it has {', '.join(known)}")
        if known.count(column) > 1:
            raise ValueError(f"table {path} has several columns named {column!r}; expected one")
    return columns_read


def _numbers(columns: pa.Table, name: str, table: str) -> list[float | None]:
    kind = columns.schema.field(name).type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise ValueError(f"table {table}, column {name!r}: expected numbers, got {kind}")
    try:
        values: list[float | None] = columns[name].cast(pa.float64()).to_pylist()
    except pa.ArrowException as error:
        raise ValueError(f"table {table}, column {name!r}: {error}") from error
    return values
