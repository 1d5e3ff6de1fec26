"""Any data set by name: built in, files, or the user's own data module."""

import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from raynas.data.array_data import ArrayData
from raynas.data.arrays.array_files import read_array_files
from raynas.data.arrays.named_arrays import Labelled
from raynas.data.arrays.pixel_arrays import pixel_arrays
from raynas.data.assemble import assemble, divide, limit_rows
from raynas.data.builtin import BUILTIN
from raynas.data.intake import Intake
from raynas.data.photos.class_folders import ClassFolders, class_folders
from raynas.data.places import ARRAYS, PHOTOS, find
from raynas.data.readers.table_files import read_tables
from raynas.data.source import DataSource
from raynas.data.splits import Indices
from raynas.data.tables.choosing import choose_columns
from raynas.data.tables.column_kinds import Parts
from raynas.data.tables.feature_columns import Chosen, Inputs, read_features
from raynas.data.tables.image_column import find_image_column, read_images
from raynas.data.tables.label_column import read_labels
from raynas.data.user_module import load_user_data
from raynas.options.data_options import DataOptions
from raynas.preparation import Preparation

_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_OF_TABLES = ("label", "image", "features", "drop")
"""Options that say what columns are for."""

MakeInputs = Callable[[Chosen], Inputs]
"""Makes the inputs of the rows that were chosen."""


def load_data(name: str, options: DataOptions | None = None) -> DataSource:
    """Load a data set, and divide it (once, by its seed) unless it comes divided.

    `name` is one of `BUILTIN`, a Parquet, CSV, TSV or .npz file or a folder of these or of images,
    local or a URL (anything fsspec opens), or the user's own LightningDataModule as
    "package.module:Class".

    Raises:
        ValueError: there is no such data set, or it cannot be used; one line says why.
    """
    if is_user_data(name):
        return load_user_data(name)
    return load_arrays(name, options)


def is_user_data(name: str) -> bool:
    """Whether a data set's name is that of a class, "package.module:Class"."""
    return _CLASS.fullmatch(name) is not None


def located(name: str) -> str:
    """Return how a data set is found from any folder: a path becomes absolute."""
    return os.path.abspath(name) if name not in BUILTIN and os.path.exists(name) else name


def load_arrays(name: str, options: DataOptions | None = None) -> ArrayData:
    """Load a data set that is built in or in files into memory; see `load_data`."""
    options, intake = options or DataOptions(), Intake()
    if name in BUILTIN:
        inputs, numbers, label_names = BUILTIN[name](options.data_seed)
        intake.idle = dict.fromkeys(_OF_TABLES, f"{name} is built in and has no columns")
        intake.idle["image_size"] = f"{name} is built in and has its size"
        arrays = {"train": inputs}
        make = _rows_of(arrays)
        return _chosen(name, {"train": numbers}, label_names, make, options, intake)
    place = find(name, intake)
    if place.kind in ARRAYS:
        return from_labelled(name, read_array_files(name, place, intake), options, intake)
    if place.kind == PHOTOS:
        return from_folders(name, class_folders(name, place, intake), options, intake)
    tables = read_tables(name, place, (options.label, options.image), intake)
    return from_tables(name, tables, options, intake)


def from_tables(name: str, tables: Parts, options: DataOptions, intake: Intake) -> ArrayData:
    """Make a data set of a table a split: of its column of images, or of its other columns.

    Raises:
        ValueError: it cannot be used; one line says why.
    """
    tables = choose_columns(tables, options, intake)
    labels, label_names = read_labels(tables, options.label, intake)
    image = options.image or find_image_column(tables, options.label)

    def make(chosen: Chosen) -> Inputs:
        if image is None:
            return read_features(tables, chosen, options.label, intake)
        return Inputs(*read_images(tables, chosen.rows, options, image, intake))

    return _chosen(name, labels, label_names, make, options, intake)


def from_folders(
    name: str, folders: ClassFolders, options: DataOptions, intake: Intake
) -> ArrayData:
    """Make a data set of folders of images.

    Raises:
        ValueError: an image cannot be read, or there is one class only.
    """
    intake.idle |= dict.fromkeys(_OF_TABLES, f"{name} has folders of images and no columns")
    tables = {part: pa.table({"class": names}) for part, names in folders.classes.items()}
    numbers, label_names = read_labels(tables, "class", intake)

    def make(chosen: Chosen) -> Inputs:
        return Inputs(*folders.pixels(chosen.rows, options.image_size, intake))

    return _chosen(name, numbers, label_names, make, options, intake)


def from_labelled(
    name: str, parts: dict[str, Labelled], options: DataOptions, intake: Intake
) -> ArrayData:
    """Make a data set of arrays: rows of numbers as a table of columns "0", "1", …, or images.

    Raises:
        ValueError: they cannot be used; one line says why.
    """
    labels = {part: pa.array(arrays.labels) for part, arrays in parts.items()}
    if parts["train"].inputs.ndim == 2:
        tables = {
            part: pa.table(
                {
                    **{str(i): column for i, column in enumerate(arrays.inputs.T)},
                    options.label: labels[part],
                }
            )
            for part, arrays in parts.items()
        }
        return from_tables(name, tables, options, intake)
    pixels = pixel_arrays(parts, name, intake)
    why = f"{name} has images in arrays and no columns"
    intake.idle |= dict.fromkeys((*_OF_TABLES, "image_size"), why)
    tables = {part: pa.table({options.label: values}) for part, values in labels.items()}
    numbers, label_names = read_labels(tables, options.label, intake)
    return _chosen(name, numbers, label_names, _rows_of(pixels), options, intake)


def _rows_of(arrays: dict[str, Any]) -> MakeInputs:
    return lambda chosen: Inputs(
        {part: array[chosen.rows[part]] for part, array in arrays.items()}, Preparation()
    )


def _chosen(
    name: str,
    all_labels: dict[str, Indices],
    label_names: tuple[str, ...],
    make: MakeInputs,
    options: DataOptions,
    intake: Intake,
) -> ArrayData:
    """Choose rows, divide them, and make inputs of them."""
    rng = np.random.default_rng([options.data_seed, 1])  # not the stream that `synthetic` uses
    rows = limit_rows(all_labels, options.limit, rng)
    labels = {part: part_labels[rows[part]] for part, part_labels in all_labels.items()}
    division = divide(name, labels, options, rng, intake)
    inputs, preparation = make(Chosen(rows, labels, division.training))
    return assemble(name, inputs, labels, label_names, division, intake, preparation)
