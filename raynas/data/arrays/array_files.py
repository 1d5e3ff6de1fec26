"""NumPy's files: .npz with several arrays, or a folder of .npy files."""

import io
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from raynas.data.arrays.named_arrays import EXPECTED, Labelled, labelled
from raynas.data.intake import Intake
from raynas.data.places import DataFiles, split_named
from raynas.data.source import first_line


def read_array_files(name: str, place: DataFiles, intake: Intake) -> dict[str, Labelled]:
    """Read the inputs and labels of each split; nothing that is pickled is loaded.

    Of several files those named after a split hold arrays of this split.

    Raises:
        ValueError: a file is damaged or pickled, or lacks inputs or labels.
    """
    arrays: dict[str, Any] = {}
    for file in place.files:
        stem = PurePosixPath(file).stem
        loaded = _load(place.fs, file)
        if isinstance(loaded, np.ndarray):
            arrays[stem] = loaded
            continue
        split = split_named(stem) if len(place.files) > 1 else ""
        arrays |= {f"{split}_{key}" if split else key: array for key, array in loaded.items()}
    if len(arrays) == 1:
        raise ValueError(
            f"{name} has one array, {next(iter(arrays))!r}, and no labels; {EXPECTED}: "
            "numpy.savez('data.npz', x=inputs, y=labels)"
        )
    return labelled(arrays, name, intake)


def _load(fs: Any, file: str) -> Any:
    """Return an array, or arrays by name."""
    try:
        with fs.open(file, "rb") as opened:
            content = io.BytesIO(opened.read())
        loaded = np.load(content, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded}
    except Exception as error:  # zip, NumPy and each file system let through others
        why = first_line(error)
        if "pickle" in why.lower():
            why = "it holds Python objects, or is no file of NumPy; expected plain arrays"
        raise ValueError(f"{file} cannot be read: {why}") from error
