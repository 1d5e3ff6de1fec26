"""Folders of images, a folder a class, within train, validation and test or without."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from raynas.data.intake import Intake, listed
from raynas.data.photos.decoding import Encoded, decode_images, image_format
from raynas.data.places import DataFiles, split_named
from raynas.data.readers.other_formats import not_a_table
from raynas.data.source import first_line
from raynas.data.splits import Indices
from raynas.preparation import Preparation

_EXPECTED = (
    "expected a folder a class with its images, as NAME/cat/1.jpg, or train, validation and test "
    "folders of these, as NAME/train/cat/1.jpg"
)


class ClassFolders(NamedTuple):
    """The images of each part, and the class that the folder of each says."""

    fs: Any
    files: dict[str, list[str]]
    classes: dict[str, list[str]]

    def pixels(
        self, rows: dict[str, Indices], size: int | None, intake: Intake
    ) -> tuple[dict[str, npt.NDArray[np.uint8]], Preparation]:
        """Read and decode the chosen images of each part.

        Raises:
            ValueError: one cannot be read; the message names its file.
        """
        encoded = {
            part: Encoded(_Contents(self.fs, names), names)
            for part, files in self.files.items()
            if (names := [files[row] for row in rows[part]]) is not None
        }
        wanted = image_format(encoded["train"], size, intake)
        intake.learned.append("images")
        return decode_images(encoded, wanted, intake), Preparation(resized=wanted.resized)


def class_folders(name: str, place: DataFiles, intake: Intake) -> ClassFolders:
    """Tell class and split of each image by the folders that it is in.

    The first folders are splits where all of them are named so and have folders below; folders
    within that of a class belong to it. Images outside of one are left out and noted.

    Raises:
        ValueError: there are no folders of classes, or only some are named after splits.
    """
    if place.files == [place.root]:
        raise ValueError(not_a_table(place.root))
    paths = {file: PurePosixPath(place.short(file)).parts for file in place.files}
    deep = {parts[0] for parts in paths.values() if len(parts) > 2}
    shallow = {parts[0] for parts in paths.values() if len(parts) == 2}
    named = {folder for folder in deep - shallow if split_named(folder)}
    if "train" in map(split_named, named) and (others := (deep | shallow) - named):
        raise ValueError(
            f"{name}: where some folders are named after a split, all must be (train, validation, "
            f"test); {listed(sorted(others), 3)} is not; {_EXPECTED}"
        )
    divided = bool(named) and named == deep | shallow
    if divided and "train" not in map(split_named, named):
        raise ValueError(f"{name} has no folder train but {listed(sorted(named))}; {_EXPECTED}")
    depth = 1 if divided else 0
    files: dict[str, list[str]] = {}
    classes: dict[str, list[str]] = {}
    outside = [file for file, parts in paths.items() if len(parts) < depth + 2]
    for file, parts in paths.items():
        if len(parts) >= depth + 2:
            part = split_named(parts[0]) if divided else "train"
            files.setdefault(part, []).append(file)
            classes.setdefault(part, []).append(parts[depth])
    if not files:
        raise ValueError(f"{name} has {len(outside):,} images in no folder of a class; {_EXPECTED}")
    if outside:
        names = listed([place.short(file) for file in outside], 3)
        intake.left_out.append(f"{len(outside):,} images in no folder of a class ({names})")
    return ClassFolders(place.fs, files, classes)


class _Contents(Sequence[bytes]):
    """The contents of files, each read when it is asked for."""

    def __init__(self, fs: Any, files: Sequence[str]) -> None:
        self._fs, self._files = fs, files

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, slice):
            return _Contents(self._fs, self._files[place])
        file = self._files[place]
        try:
            content: bytes = self._fs.cat_file(file)
        except Exception as error:  # each of fsspec's file systems lets through others
            raise ValueError(f"{file} cannot be read: {first_line(error)}") from error
        return content
