"""The record of a run: one row a finished trial, in Parquet files that grow row by row.

Each finished trial rewrites the newest file, of at most `ROWS_A_FILE` rows, in one atomic step. So
a row is never lost, half-written or there twice, the number of files stays small (20 of 10,000
trials), and any Parquet reader can open the folder at any time. For the same reason full files are
not merged: that takes two steps, and who reads or crashes between them would find rows twice.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from raynas.runs.storage import Folder
from raynas.runs.trial import COLUMNS, MOMENT, Trial

ROWS_A_FILE = 500
"""A finished trial writes half as many on average: of large cells with ten epochs some 200 KB."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TrialRecord:
    """The finished trials of a run folder, in order of completion."""

    def __init__(self, folder: Folder) -> None:
        """Open `trials/` of a run, new or existing."""
        self._folder = folder / "trials"
        self._folder.make()
        names = [info.base_name for info in self._folder.list()]
        self._files = sum(name.endswith(".parquet") for name in names)
        self._tail = _no_rows(COLUMNS)
        """The rows of the file that grows, with a column for each metric that there is so far."""
        if self._files:
            last = self._read(self._files - 1)
            full = last.num_rows >= ROWS_A_FILE
            self._tail = _no_rows(last.schema) if full else last
            self._files -= not full

    def append(self, trial: Trial) -> None:
        """Write one more finished trial; it is safe on disk when this returns."""
        known = self._tail.column_names
        new = [(column.name, column.type) for column in COLUMNS if column.name not in known]
        new += [(name, pa.float64()) for name in trial.metrics if name not in known]
        if new:
            self._tail = _widened(self._tail, pa.schema([*self._tail.schema, *new]))
            for index in range(self._files):
                self._write(index, _widened(self._read(index), self._tail.schema))
        row = pa.Table.from_pylist([trial.to_row()], schema=self._tail.schema)
        self._tail = pa.concat_tables([self._tail, row]).combine_chunks()
        self._write(self._files, self._tail)
        if self._tail.num_rows == ROWS_A_FILE:
            self._files, self._tail = self._files + 1, _no_rows(self._tail.schema)

    def __iter__(self) -> Iterator[Trial]:
        """Yield every finished trial in order of completion."""
        tables = chain(map(self._read, range(self._files)), [self._tail])
        rows = chain.from_iterable(map(_rows, tables))
        return (Trial.from_row(row, place) for place, row in enumerate(rows))

    def _read(self, index: int) -> pa.Table:
        content = pa.BufferReader(self._folder.read(_file(index)))
        return pq.ParquetFile(content).read()  # `read_table` loads pandas: half a second

    def _write(self, index: int, rows: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, compression="zstd", use_dictionary=False)
        content = sink.getvalue().to_pybytes()
        self._folder.keep_trying(lambda: self._folder.write(_file(index), content))


def _no_rows(schema: pa.Schema) -> pa.Table:
    """Return an empty table, without pandas, which pyarrow's own way loads: half a second."""
    return pa.Table.from_batches([], schema)


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the rows with the columns of a schema, null where they had none."""
    return pa.concat_tables([_no_rows(schema), table], promote_options="default")


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield each row as a dict; moments by way of integers, pyarrow's own way is slow."""
    columns = [
        [_EPOCH + timedelta(microseconds=n) for n in column.cast(pa.int64()).to_pylist()]
        if column.type == MOMENT
        else column.to_pylist()
        for column in table.columns
    ]
    return (dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True))


def _file(index: int) -> str:
    return f"{index:05d}.parquet"
