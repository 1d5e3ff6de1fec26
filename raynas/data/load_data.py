"""Any data set by name: built in, a Parquet file, or the user's own data module."""

import os
import re

import numpy as np

from raynas.data.array_data import ArrayData
from raynas.data.assemble import assemble, limit_rows
from raynas.data.builtin import BUILTIN
from raynas.data.columns import read_inputs, read_labels
from raynas.data.parquet import read_tables
from raynas.data.source import DataSource
from raynas.data.user_module import load_user_data
from raynas.options.data_options import DataOptions

_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load_data(name: str, options: DataOptions | None = None) -> DataSource:
    """Load a data set, and divide it (once, by its seed) unless it comes divided.

    `name` is one of `BUILTIN`, a Parquet file, folder or URL (anything fsspec opens), or the
    user's own LightningDataModule as "package.module:Class".

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
    """Load a data set that is built in or in Parquet files into memory; see `load_data`."""
    options = options or DataOptions()
    seed = options.data_seed
    rng = np.random.default_rng([seed, 1])  # not the stream that `synthetic` draws from
    if name in BUILTIN:
        images, numbers, label_names = BUILTIN[name](seed)
        rows = limit_rows({"train": numbers}, options.limit, rng)
        labels = {"train": numbers[rows["train"]]}
        return assemble(name, {"train": images[rows["train"]]}, labels, label_names, options, rng)
    tables = read_tables(name)
    all_labels, label_names = read_labels(tables, options.label)
    rows = limit_rows(all_labels, options.limit, rng)
    labels = {part: part_labels[rows[part]] for part, part_labels in all_labels.items()}
    inputs = read_inputs(tables, rows, options)
    return assemble(name, inputs, labels, label_names, options, rng)
