"""Finding and reading Parquet files, local or remote, and the splits that their names tell."""

import os
import re
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from raynas.data.intake import Intake, listed, printable
from raynas.data.other_formats import LEGAL, data_files, no_parquet_here, not_parquet
from raynas.data.source import first_line
from raynas.data.tables.column_kinds import Parts, index_columns, kind_name
from raynas.data.tables.joining import join

_SPLIT = re.compile(r"(train|test|validation|valid|val)(ing)?([^a-z].*)?", re.IGNORECASE)
_MAGIC = b"PAR1"


def read_tables(name: str, wanted: tuple[str | None, ...], intake: Intake) -> Parts:
    """Read one file, all files of a folder, or those that match a pattern ("data/*.parquet").

    Returns one table a split where the names of files (or their folders) begin with train, test,
    or validation, valid or val; else a single table, "train". Columns that are the index of a
    pandas frame are left out and noted, except `wanted` ones.

    Raises:
        ValueError: nothing is there, a file is not Parquet, or files do not belong together.
    """
    fs, root, files, others = _find(name)
    if others := data_files(others):
        intake.left_out.append(f"files that are not Parquet ({listed(others, 3)})")
    by_split: dict[str, list[str]] = {}
    for file in files:
        by_split.setdefault(_split_of(file, root), []).append(file)
    without = by_split.pop("", [])
    if not by_split or len(files) == 1:
        by_split = {"train": files}
    elif without:
        raise ValueError(
            f"{name}: where some files are named after a split, all must be (train, validation, "
            f"test); {PurePosixPath(without[0]).name} is not"
        )
    if "train" not in by_split:
        raise ValueError(f"{name} has no file whose name begins with train; it has {_names(files)}")
    tables = {split: [_read(fs, file) for file in some] for split, some in by_split.items()}
    everything = [table for some in tables.values() for table in some]
    index = {column for table in everything for column in index_columns(table.schema)}
    index -= set(wanted)
    kinds = {field.name: field.type for table in everything for field in table.schema}
    intake.left_out += [
        f"{printable(column)} ({kind_name(kinds[column])}, the index of a pandas frame)"
        for column in sorted(index)
    ]
    without_index = {
        split: [
            table.drop_columns([column for column in table.column_names if column in index])
            for table in some
        ]
        for split, some in tables.items()
    }
    return {
        split: join(
            {_short(file, root): table for file, table in zip(by_split[split], some, strict=True)},
            set(wanted),
            intake,
        )
        for split, some in without_index.items()
    }


def _find(name: str) -> tuple[Any, str, list[str], list[str]]:
    """Return the file system, the folder (or file) that was asked for, the files, and others.

    The files are sorted; the others are those of the folder that are not Parquet.
    """
    try:
        fs, root = fsspec.core.url_to_fs(name)
        others: list[str] = []
        if "*" in root:
            files = fs.glob(root)
        elif folder := fs.isdir(root):
            everything = fs.find(root)
            files = [file for file in everything if file.endswith(".parquet")]
            others = [file for file in everything if not file.endswith(".parquet")]
        else:
            files = [root] if fs.exists(root) else []
    except Exception as error:  # each of fsspec's file systems lets through others
        raise ValueError(f"data set {name!r} cannot be opened: {first_line(error)}") from error
    if not files and "*" not in root and not folder:
        raise ValueError(f"unknown data set {name!r}; {LEGAL}")
    visible = [file for file in sorted(files) if PurePosixPath(file).name[0] not in "._"]
    if not visible:
        raise ValueError(no_parquet_here(name, others))
    above = root.partition("*")[0].rpartition("/")[0] if "*" in root else root
    return fs, above, visible, others


def _split_of(file: str, root: str) -> str:
    """Return the split that a file's name, or the nearest folder below `root`, tells, or ""."""
    for part in reversed(PurePosixPath(file.removeprefix(root)).parts):
        match = _SPLIT.fullmatch(part)
        if match:
            split = match[1].lower()
            return "validation" if split.startswith("val") else split
    return ""


def _read(fs: Any, file: str) -> pa.Table:
    try:
        with fs.open(file, "rb") as opened:
            problem = _problem(opened, file)
            if problem:
                raise ValueError(problem)
            table = pq.ParquetFile(opened, page_checksum_verification=True).read()
        table.validate(full=True)
        names = table.column_names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(_unreadable(file, error)) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{file} has several columns named {listed([repr(printable(name)) for name in twice])};"
            " expected a name for each"
        )
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
    return not_parquet(file) if head != _MAGIC or size < 12 else ""


def _unreadable(file: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number is not None:
        return f"{file} cannot be read: {os.strerror(number)}"
    return f"{file} is damaged: it begins as a Parquet file but cannot be read; write it again"


def _short(file: str, root: str) -> str:
    return file.removeprefix(root).strip("/") or PurePosixPath(file).name


def _names(files: list[str]) -> str:
    return listed([PurePosixPath(file).name for file in files], 5)
