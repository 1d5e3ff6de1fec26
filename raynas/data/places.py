"""What lies at the path or URL of a data set: files of one kind, and the splits they belong to."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import fsspec

from raynas.data.intake import Intake, listed
from raynas.data.readers.other_formats import IMAGES, LEGAL, data_files, nothing_here
from raynas.data.readers.reader_table import READERS, reader_of
from raynas.data.source import first_line

_SPLIT = re.compile(r"(train|test|validation|valid|val)(ing)?([^a-z].*)?", re.IGNORECASE)
ARRAYS = (".npz", ".npy")
PHOTOS = "images"
KINDS: tuple[str, ...] = (*READERS, *ARRAYS, PHOTOS)
"""Of several kinds in a folder the first is read."""


class DataFiles(NamedTuple):
    """Files of one kind (one of `KINDS`, "" for any other), sorted, in a file system of fsspec.

    `root` is the folder that they are in, or the file itself.
    """

    fs: Any
    root: str
    files: list[str]
    kind: str

    def short(self, file: str) -> str:
        """Return a file's path below the root."""
        return file.removeprefix(self.root).strip("/") or PurePosixPath(file).name

    def split_of(self, file: str) -> str:
        """Return the split that a file's name, or the nearest folder below, tells, or ""."""
        for part in reversed(PurePosixPath(file.removeprefix(self.root)).parts):
            if split := split_named(part):
                return split
        return ""

    def by_split(self, name: str, split_of: Callable[[str], str]) -> dict[str, list[str]]:
        """Return the files of each split where their names tell one; else all as "train".

        Raises:
            ValueError: some files tell one and others do not, or none is for training.
        """
        splits: dict[str, list[str]] = {}
        for file in self.files:
            splits.setdefault(split_of(file), []).append(file)
        without = splits.pop("", [])
        if not splits or len(self.files) == 1:
            return {"train": self.files}
        if without:
            raise ValueError(
                f"{name}: where some files are named after a split, all must be (train, "
                f"validation, test); {PurePosixPath(without[0]).name} is not"
            )
        if "train" not in splits:
            names = listed([PurePosixPath(file).name for file in self.files], 5)
            raise ValueError(f"{name} has no file whose name begins with train; it has {names}")
        return splits


def split_named(text: str) -> str:
    """Return the split that the name of a file or folder begins with, or ""."""
    match = _SPLIT.fullmatch(text)
    split = match[1].lower() if match else ""
    return "validation" if split.startswith("val") else split


def kind_of(file: str) -> str:
    """Return the kind of a file, by the end of its name."""
    suffix = PurePosixPath(file).suffix.lower()
    return PHOTOS if suffix in IMAGES else suffix if suffix in ARRAYS else reader_of(file)


def find(name: str, intake: Intake) -> DataFiles:
    """Find a file, all files of a folder, or those that match a pattern ("data/*.parquet").

    Of a folder those of one kind are taken, and other data that is there is noted. What begins
    with a dot or a bar is passed over.

    Raises:
        ValueError: nothing is there, or nothing that is read.
    """
    try:
        fs, root = fsspec.core.url_to_fs(name)
        everything = fs.glob(root) if "*" in root else fs.find(root) if fs.isdir(root) else []
        single = not everything and "*" not in root and not fs.isdir(root)
        exists = not single or fs.exists(root)
    except Exception as error:  # each of fsspec's file systems lets through others
        raise ValueError(f"data set {name!r} cannot be opened: {first_line(error)}") from error
    if not exists:
        raise ValueError(f"unknown data set {name!r}; {LEGAL}")
    if single:
        return DataFiles(fs, root, [root], kind_of(root))
    above = root.partition("*")[0].rpartition("/")[0] if "*" in root else root
    visible = [file for file in sorted(everything) if _is_visible(file, above)]
    kinds = {kind_of(file) for file in visible}
    kind = next((kind for kind in KINDS if kind in kinds), None)
    if kind is None:
        raise ValueError(nothing_here(name, visible))
    files = [file for file in visible if kind_of(file) == kind]
    if others := data_files(file for file in visible if kind_of(file) != kind):
        what = "image" if kind == PHOTOS else f"{kind} file"
        intake.left_out.append(f"what is no {what} ({listed(others, 3)})")
    return DataFiles(fs, above, files, kind)


def _is_visible(file: str, root: str) -> bool:
    """Whether neither a file nor a folder below `root` in its path begins with a dot or a bar."""
    return not any(part[0] in "._" for part in PurePosixPath(file.removeprefix(root)).parts)
