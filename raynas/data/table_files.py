"""Finding and reading files of tables, local or remote, and the splits that their names tell."""

import re
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa

from raynas.data.intake import Intake, listed, printable
from raynas.data.readers import READERS, reader_of
from raynas.data.readers.other_formats import LEGAL, data_files, nothing_here
from raynas.data.source import first_line
from raynas.data.tables.column_kinds import Parts, index_columns, kind_name
from raynas.data.tables.joining import join

_SPLIT = re.compile(r"(train|test|validation|valid|val)(ing)?([^a-z].*)?", re.IGNORECASE)


def read_tables(name: str, wanted: tuple[str | None, ...], intake: Intake) -> Parts:
    """Read one file, all files of a folder, or those that match a pattern ("data/*.parquet").

    Returns one table a split where the names of files (or their folders) begin with train, test,
    or validation, valid or val; else a single table, "train". Columns that are the index of a
    pandas frame are left out and noted, except `wanted` ones.

    Raises:
        ValueError: nothing is there, a file is no table, or files do not belong together.
    """
    fs, root, files, others = _find(name)
    if others := data_files(others):
        kind = reader_of(files[0]).removeprefix(".")
        intake.left_out.append(f"files that are no .{kind} ({listed(others, 3)})")
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
    tables = {split: [_read(fs, file, intake) for file in some] for split, some in by_split.items()}
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

    The files are sorted, and of a folder all of one kind; the others are the rest of it.
    """
    try:
        fs, root = fsspec.core.url_to_fs(name)
        others: list[str] = []
        if "*" in root:
            files = fs.glob(root)
        elif folder := fs.isdir(root):
            everything = [file for file in fs.find(root) if _is_visible(file, root)]
            kinds = {reader_of(file) for file in everything}
            kind = next((kind for kind in READERS if kind in kinds), None)
            files = [file for file in everything if reader_of(file) == kind]
            others = [file for file in everything if reader_of(file) != kind]
        else:
            files = [root] if fs.exists(root) else []
    except Exception as error:  # each of fsspec's file systems lets through others
        raise ValueError(f"data set {name!r} cannot be opened: {first_line(error)}") from error
    if not files and "*" not in root and not folder:
        raise ValueError(f"unknown data set {name!r}; {LEGAL}")
    visible = [file for file in sorted(files) if _is_visible(file, "")]
    if not visible:
        raise ValueError(nothing_here(name, others))
    above = root.partition("*")[0].rpartition("/")[0] if "*" in root else root
    return fs, above, visible, others


def _is_visible(file: str, root: str) -> bool:
    """Whether neither a file nor a folder below `root` in its path begins with a dot or a bar."""
    parts = PurePosixPath(file.removeprefix(root)).parts if root else (PurePosixPath(file).name,)
    return not any(part[0] in "._" for part in parts)


def _split_of(file: str, root: str) -> str:
    """Return the split that a file's name, or the nearest folder below `root`, tells, or ""."""
    for part in reversed(PurePosixPath(file.removeprefix(root)).parts):
        match = _SPLIT.fullmatch(part)
        if match:
            split = match[1].lower()
            return "validation" if split.startswith("val") else split
    return ""


def _read(fs: Any, file: str, intake: Intake) -> pa.Table:
    table = READERS[reader_of(file) or ".parquet"](fs, file, intake)
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{file} has several columns named {listed([repr(printable(name)) for name in twice])};"
            " expected a name for each"
        )
    return table


def _short(file: str, root: str) -> str:
    return file.removeprefix(root).strip("/") or PurePosixPath(file).name


def _names(files: list[str]) -> str:
    return listed([PurePosixPath(file).name for file in files], 5)
