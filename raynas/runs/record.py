"""The record of a run: one row a finished trial, in Parquet files that grow row by row.

Each finished trial rewrites the newest file, of at most `ROWS_A_FILE` rows, in one atomic step. So
a row is never lost, half-written or there twice, the number of files stays small (20 of 10,000
trials), and any Parquet reader can open the folder at any time. For the same reason full files are
not merged: that takes two steps, and who reads or crashes between them would find rows twice.

The rows are a chain of checksums that begins with that of what the run is made of (`RecordHead`).
Each file says in its metadata where its part of the chain begins and ends, and the head says how
far it went when the run was last left. What is damaged is named, and nothing in it is believed.
"""

import re
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from raynas.runs.files.checksums import chained, checksum_of
from raynas.runs.files.plain_files import LinkError
from raynas.runs.files.record_head import HEAD, RecordError, RecordHead, damaged
from raynas.runs.files.tables import as_read, no_rows, note_of, rows_of, widened, with_note
from raynas.runs.storage import Folder
from raynas.runs.trial import COLUMNS, Trial

ROWS_A_FILE = 500
"""A finished trial writes half as many on average: of large cells with ten epochs some 200 KB."""

EVERY_S = 1.0
"""Seconds at least from one note of how far it goes to the next."""
_OURS = re.compile(r"\d{5}\.parquet")
_NOTED = {"rows": int, "before": str, "after": str, "identity": dict}
"""What the note of a file has."""
_LATER = ("known", "infeasible")
"""Columns that records of raynas before 0.2 lack."""


class TrialRecord:
    """The finished trials of a run folder, in order of completion."""

    def __init__(self, folder: Folder) -> None:
        """Open `trials/` of a run, new or existing.

        Raises:
            RecordError: it is damaged; one line says which file, and what to do.
        """
        self._run, self._folder = folder, folder / "trials"
        self._head = read_head(folder)  # before the files: they may grow meanwhile
        self._files, self.foreign = self._sort()
        """`foreign`: the names of what else lies there; nobody reads or touches it."""
        self._tail = no_rows(COLUMNS)
        """The rows of the file that grows, with a column for each metric that there is so far."""
        self._rows, self._sum = 0, self._begin()
        """What lies before those rows: how many, and the checksum after them."""
        self._sum_now, self._noted = self._sum, -EVERY_S
        if self._files:
            last, note = self._read(self._files - 1)
            full = last.num_rows >= ROWS_A_FILE
            self._tail = no_rows(last.schema) if full else last
            self._files -= not full
            if note:
                self._sum_now = note["after"]
                self._rows = note["rows"] + last.num_rows * full
                self._sum = note["after"] if full else note["before"]

    def append(self, trial: Trial) -> None:
        """Write one more finished trial; it is safe on disk when this returns."""
        known = self._tail.column_names
        new = [(column.name, column.type) for column in COLUMNS if column.name not in known]
        new += [(name, pa.float64()) for name in trial.metrics if name not in known]
        if new:
            self._tail = widened(self._tail, pa.schema([*self._tail.schema, *new]))
            for index in range(self._files):
                rows, note = self._read(index)
                self._write(index, with_note(widened(rows, self._tail.schema), note))
        row = trial.to_row()
        added = pa.Table.from_pylist([row], schema=self._tail.schema)
        tail = pa.concat_tables([self._tail, added]).combine_chunks()
        after = chained(self._sum_now, [as_read(row, tail.schema)]) if self._head else ""
        if not self._files and not self._tail.num_rows:
            self._folder.keep_trying(self._folder.make)
        self._write(self._files, with_note(tail, self._note(after)))
        self._tail, self._sum_now = tail, after
        full = self._tail.num_rows == ROWS_A_FILE
        if full:
            self._files, self._tail = self._files + 1, no_rows(self._tail.schema)
            self._rows, self._sum = self._rows + ROWS_A_FILE, self._sum_now
        if full or time.monotonic() - self._noted > EVERY_S:
            self.close()

    def close(self) -> None:
        """Note how far the record goes, so that it is seen if the end of it is lost.

        That is done now and then, too: each time would be a third of what a row costs.
        """
        self._noted = time.monotonic()
        if self._head:
            rows = self._rows + self._tail.num_rows
            self._head = RecordHead(self._head.identity, rows, self._sum_now)
            content = self._head.to_json()
            self._run.keep_trying(lambda: self._run.write(HEAD, content, lasting=False))

    def _note(self, after: str) -> dict[str, Any]:
        """Return the place of the newest file in the chain, and what the run is made of."""
        if self._head is None:
            return {}
        place = {"rows": self._rows, "before": self._sum, "after": after}
        return {**place, "identity": self._head.identity}

    def _begin(self) -> str:
        """Return the checksum before the first row."""
        return checksum_of(self._head.identity) if self._head else ""

    def __iter__(self) -> Iterator[Trial]:
        """Yield every finished trial in order of completion.

        Raises:
            RecordError: a file is damaged; none of its trials was yielded.
        """
        place, after = 0, self._begin()
        seen: set[str] = set()
        tail = [(self._tail, self._note(self._sum_now))] if self._tail.num_rows else []
        for index, (table, note) in enumerate(chain(map(self._read, range(self._files)), tail)):
            rows = self._rows_of(index, table)
            if note:
                self._check_follows(index, note, place, after)
                after = self._chained(index, rows, place, after)
                if after != note["after"]:
                    raise self._damaged(index, "a row in it is not as raynas wrote it")
            yield from self._trials(index, rows, place, seen)
            place += len(rows)
        if self._head and place < self._head.rows:
            there = f"{place} of the {self._head.rows} rows that {HEAD} counted"
            last = self._files - (self._tail.num_rows == 0)
            missing = f"{_file(last + 1)} is missing" + (
                "" if last < 0 else ", or rows of its last"
            )
            raise damaged(self._folder.uri, f"it holds {there}: {missing}")

    def _rows_of(self, index: int, table: pa.Table) -> list[dict[str, Any]]:
        try:
            return list(rows_of(table))
        except (ValueError, OverflowError, pa.ArrowException) as error:
            raise self._damaged(
                index, f"a row in it cannot be read ({type(error).__name__})"
            ) from error

    def _trials(
        self, index: int, rows: list[dict[str, Any]], place: int, seen: set[str]
    ) -> list[Trial]:
        trials = []
        for count, row in enumerate(rows):
            try:
                trial = Trial.from_row(row, place + count)
                plain = "/" not in trial.trial_id and trial.trial_id not in (".", "..")
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise self._damaged(
                    index, f"row {count} is no trial ({type(error).__name__})"
                ) from error
            if not plain:
                raise self._damaged(index, f"row {count} has the trial_id {trial.trial_id!r}")
            if trial.trial_id in seen:
                raise self._damaged(index, f"trial {trial.trial_id} is there twice")
            seen.add(trial.trial_id)
            trials.append(trial)
        return trials

    def _check_follows(self, index: int, note: dict[str, Any], place: int, after: str) -> None:
        """Check that a file goes on where the one before it ends."""
        if (note["rows"], note["before"]) == (place, after):
            return
        before = f"{_file(index - 1)} ends" if index else "the run begins"
        raise self._damaged(
            index, f"it does not go on where {before}: rows are there twice, lost or of another run"
        )

    def _chained(self, index: int, rows: list[dict[str, Any]], place: int, after: str) -> str:
        """Return the checksum after the rows of a file; on the way it must meet the head's."""
        head = self._head
        if head and place <= head.rows <= place + len(rows):
            here = head.rows - place
            after, rows = chained(after, rows[:here]), rows[here:]
            if after != head.checksum:
                raise self._damaged(index, f"its rows are not those that {HEAD} counted")
        return chained(after, rows)

    def _sort(self) -> tuple[int, list[str]]:
        """Return how many files are ours, and the names of those that are not."""
        kinds = {info.base_name: info.type for info in self._folder.list()}
        ours = sorted(name for name in kinds if _OURS.fullmatch(name))
        foreign = [name for name in kinds if name not in ours and not name.startswith(".")]
        missing = [index for index, name in enumerate(ours) if name != _file(index)]
        if missing:
            first, there = missing[0], ours[missing[0]]
            if not self._head or self._is_of_run(there):
                raise self._damaged(first, f"it is missing, and {there} is there")
            foreign, ours = sorted([*foreign, *ours[first:]]), ours[:first]
        for name in ours:
            if kinds[name] != fs.FileType.File:
                raise damaged(self._folder.uri_of(name), "it is no file")
        return len(ours), foreign

    def _is_of_run(self, name: str) -> bool:
        try:
            return bool(note_of(self._open(name).schema_arrow))
        except (pa.ArrowException, OSError, ValueError, RecursionError):
            return True

    def _open(self, name: str) -> pq.ParquetFile:
        return pq.ParquetFile(pa.BufferReader(self._folder.read(name)))

    def _read(self, index: int) -> tuple[pa.Table, dict[str, Any]]:
        """Return the rows of a file, and what it says of its place in the chain.

        `read_table` would load pandas: half a second.
        """
        try:
            table = self._open(_file(index)).read()
            note = note_of(table.schema)
            complete = note.keys() >= _NOTED.keys() and all(
                isinstance(note[name], kind) for name, kind in _NOTED.items()
            )
        except FileNotFoundError:
            raise self._damaged(index, "it is missing") from None
        except LinkError:
            raise
        except (pa.ArrowException, OSError, ValueError, AttributeError, RecursionError) as error:
            text = " ".join(str(error).split())[:100]
            raise self._damaged(index, f"it cannot be read ({text})") from error
        lacks = [c for c in COLUMNS.names if c not in table.column_names and c not in _LATER]
        if lacks:
            raise self._damaged(index, f"it is no record of raynas: it has no column {lacks[0]}")
        if self._head and not complete:
            raise self._damaged(index, "raynas has not written it as it is: it has no checksum")
        if not self._head and complete:
            self._head = RecordHead.begun(note["identity"])  # its file was lost
        return with_note(table, None), note if complete else {}

    def _damaged(self, index: int, what: str) -> RecordError:
        return damaged(self._folder.uri_of(_file(index)), what)

    def _write(self, index: int, rows: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, compression="zstd", use_dictionary=False)
        content = sink.getvalue().to_pybytes()
        self._folder.keep_trying(lambda: self._folder.write(_file(index), content))


def read_head(run: Folder) -> RecordHead | None:
    """Read what stands before the rows of a run; None for one of raynas before 0.2."""
    try:
        return RecordHead.read(run.read(HEAD))
    except FileNotFoundError:
        return None


def _file(index: int) -> str:
    return f"{index:05d}.parquet"
