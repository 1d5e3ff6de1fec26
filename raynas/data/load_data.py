"""Any data set by name: built in, files of tables, or the user's own data module."""

import os
import re
from typing import Any

import numpy as np

from raynas.data.array_data import ArrayData
from raynas.data.assemble import assemble, divide, limit_rows
from raynas.data.builtin import BUILTIN
from raynas.data.intake import Intake
from raynas.data.source import DataSource
from raynas.data.table_files import read_tables
from raynas.data.tables.choosing import choose_columns
from raynas.data.tables.feature_columns import Chosen, read_features
from raynas.data.tables.image_column import find_image_column, read_images
from raynas.data.tables.label_column import read_labels
from raynas.data.user_module import load_user_data
from raynas.options.data_options import DataOptions
from raynas.preparation import Preparation

_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load_data(name: str, options: DataOptions | None = None) -> DataSource:
    """Load a data set, and divide it (once, by its seed) unless it comes divided.

    `name` is one of `BUILTIN`, a Parquet, CSV or TSV file, folder or URL (anything fsspec opens),
    or the user's own LightningDataModule as "package.module:Class".

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
    options = options or DataOptions()
    seed = options.data_seed
    rng = np.random.default_rng([seed, 1])  # not the stream that `synthetic` draws from
    intake = Intake()
    inputs: dict[str, Any]
    if name in BUILTIN:
        images, numbers, label_names = BUILTIN[name](seed)
        intake.idle = dict.fromkeys(
            ("label", "image", "features", "drop"), f"{name} is built in and has no columns"
        )
        rows = limit_rows({"train": numbers}, options.limit, rng)
        labels = {"train": numbers[rows["train"]]}
        division = divide(name, labels, options, rng, intake)
        inputs = {"train": images[rows["train"]]}
        return assemble(name, inputs, labels, label_names, division, intake, Preparation())
    tables = choose_columns(
        read_tables(name, (options.label, options.image), intake), options, intake
    )
    all_labels, label_names = read_labels(tables, options.label, intake)
    rows = limit_rows(all_labels, options.limit, rng)
    labels = {part: part_labels[rows[part]] for part, part_labels in all_labels.items()}
    division = divide(name, labels, options, rng, intake)
    image = options.image or find_image_column(tables, options.label)
    preparation = Preparation()
    if image is None:
        chosen = Chosen(rows, labels, division.training)
        inputs, preparation = read_features(tables, chosen, options.label, intake)
    else:
        inputs = read_images(tables, rows, image, options.label, intake)
    return assemble(name, inputs, labels, label_names, division, intake, preparation)
