"""Finding and reading Parquet files, local or remote, and the splits that their names tell."""

import re
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from raynas.data.builtin import BUILTIN
from raynas.data.source import first_line

_SPLIT = re.compile(r"(train|test|validation|valid|val)(ing)?([^a-z].*)?", re.IGNORECASE)


def read_tables(name: str) -> dict[str, pa.Table]:
    """Read one file, all files of a folder, or those that match a pattern ("data/*.parquet").

    Returns one table a split where the names of files (or their folders) begin with train, test,
    or validation, valid or val; else a single table, "train".

    Raises:
        ValueError: nothing is there, a file is not Parquet, or files do not belong together.
    """
    fs, root, files = _find(name)
    by_split: dict[str, list[str]] = {}
    for file in files:
        by_split.setdefault(_split_of(file, root), []).append(file)
    without = by_split.pop("", [])
    if not by_split or len(files) == 1:
        return {"train": _read(fs, files)}
    if without:
        raise ValueError(
            f"{name}: where some files are named after a split, all must be (train, validation, "
            f"test); {PurePosixPath(without[0]).name} is not"
        )
    if "train" not in by_split:
        raise ValueError(f"{name} has no file whose name begins with train; it has {_names(files)}")
    return {split: _read(fs, split_files) for split, split_files in by_split.items()}


def _find(name: str) -> tuple[Any, str, list[str]]:
    """Return the file system, the folder (or file) that was asked for, and the files, sorted."""
    legal = f"expected {', '.join(BUILTIN)}, a Parquet file, folder or URL, or package.module:Class"
    try:
        fs, root = fsspec.core.url_to_fs(name)
    except (ImportError, OSError, ValueError) as error:
        raise ValueError(f"data set {name!r} cannot be opened: {first_line(error)}") from error
    try:
        if "*" in root:
            files = fs.glob(root)
        elif fs.isdir(root):
            files = fs.glob(root.rstrip("/") + "/**/*.parquet")
        else:
            files = [root] if fs.exists(root) else []
            if not files:
                raise ValueError(f"unknown data set {name!r}; {legal}")
    except (ImportError, OSError) as error:
        raise ValueError(f"data set {name!r} cannot be opened: {first_line(error)}") from error
    visible = [file for file in sorted(files) if PurePosixPath(file).name[0] not in "._"]
    if not visible:
        raise ValueError(f"data set {name!r} has no Parquet files; {legal}")
    return fs, root.partition("*")[0].rpartition("/")[0] if "*" in root else root, visible


def _split_of(file: str, root: str) -> str:
    """Return the split that a file's name, or the nearest folder below `root`, tells, or ""."""
    for part in reversed(PurePosixPath(file.removeprefix(root)).parts):
        match = _SPLIT.fullmatch(part)
        if match:
            split = match[1].lower()
            return "validation" if split.startswith("val") else split
    return ""


def _read(fs: Any, files: list[str]) -> pa.Table:
    tables = []
    for file in files:
        try:
            with fs.open(file, "rb") as opened:
                tables.append(pq.ParquetFile(opened).read())
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{file} is not a Parquet file: {first_line(error)}") from error
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as error:
        raise ValueError(
            f"files do not have the same columns: {_names(files)}: {first_line(error)}"
        ) from error


def _names(files: list[str]) -> str:
    names = [PurePosixPath(file).name for file in files]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
