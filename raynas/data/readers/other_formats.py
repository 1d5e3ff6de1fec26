"""What is no table that is read: what it is, and how to convert it, in one line."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from raynas.data.builtin import BUILTIN

READ = "a Parquet, CSV, TSV or .npz file"
LEGAL = (
    f"expected {', '.join(BUILTIN)}, {READ}, a folder of these or with a folder of images a class, "
    "by path or URL, or package.module:Class"
)
_CONVERTERS = {
    ".txt": ("text", "read_csv({!r}, sep=None, engine='python')"),
    ".json": ("JSON", "read_json({!r})"),
    ".jsonl": ("JSON lines", "read_json({!r}, lines=True)"),
    ".ndjson": ("JSON lines", "read_json({!r}, lines=True)"),
    ".xlsx": ("an Excel sheet", "read_excel({!r})"),
    ".xls": ("an Excel sheet", "read_excel({!r})"),
    ".feather": ("Feather", "read_feather({!r})"),
    ".arrow": ("Arrow", "read_feather({!r})"),
    ".orc": ("ORC", "read_orc({!r})"),
}
"""Formats of tables: a name, and the function of pandas that reads them."""
IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
_OTHERS = {
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".pkl": "a pickle",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".zip": "an archive",
    ".tar": "an archive",
    ".tgz": "an archive",
    ".wav": "a recording",
    ".flac": "a recording",
    ".mp3": "a recording",
}
_READ = {".parquet", ".csv", ".tsv", ".npz", ".npy"}
PACKED = {".gz", ".bz2", ".zst", ".xz"}
"""A table of text may be compressed."""


def not_a_table(file: str) -> str:
    """Say what a file is by its name, and how to convert it."""
    path = PurePosixPath(file)
    packed = path.suffix.lower() in PACKED
    suffix = (PurePosixPath(path.stem) if packed else path).suffix.lower()
    if suffix in _CONVERTERS:
        kind, read = _CONVERTERS[suffix]
        target = f"{path.name.partition('.')[0]}.parquet"
        return (
            f"{file} is {kind}; expected {READ}; convert it: import pandas; "
            f"pandas.{read.format(file)}.to_parquet({target!r}, index=False)"
        )
    if suffix in IMAGES:
        return f"{file} is one image; expected a folder with a folder of images a class"
    kind = _OTHERS.get(suffix, "not a Parquet file")
    return f"{file} is {kind}; expected {READ}, with a column of labels"


def data_files(files: Iterable[str]) -> list[str]:
    """Return the names of those files that look like data."""
    legal = _CONVERTERS.keys() - {".txt", ".json"} | _OTHERS.keys() | IMAGES | PACKED | _READ
    paths = [PurePosixPath(file) for file in files]
    return [path.name for path in paths if path.suffix.lower() in legal]


def nothing_here(name: str, files: Iterable[str]) -> str:
    """Say what a folder without data that is read has instead, and how to convert it."""
    known = [file for file in files if data_files([file])]
    if known:
        return f"data set {name!r}: {not_a_table(known[0])}"
    return f"data set {name!r} has no files of data; {LEGAL}"
