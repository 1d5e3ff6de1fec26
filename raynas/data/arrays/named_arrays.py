"""Arrays by name: which are the inputs and the labels of which split."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from raynas.data.intake import Intake, listed, printable

_INPUTS = {"x", "input", "inputs", "image", "images", "data", "feature", "features"}
_LABELS = {"y", "label", "labels", "target", "targets", "class", "classes"}
_SPLITS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
EXPECTED = "expected x and y, or x_train, y_train, x_test, y_test (x_val, y_val), as arrays"


class Labelled(NamedTuple):
    """Inputs and labels of as many samples."""

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[Any]


def labelled(arrays: Mapping[str, Any], where: str, intake: Intake) -> dict[str, Labelled]:
    """Tell inputs and labels of each split by the names of arrays; "train" where none is told.

    Arrays of other names are left out and noted.

    Raises:
        ValueError: some are missing or there twice, or inputs and labels differ in length.
    """
    inputs: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for name, array in arrays.items():
        split, what = _told(name)
        if what is None:
            intake.left_out.append(f"array {printable(name)}")
            continue
        into = inputs if what == "inputs" else labels
        if split in into:
            raise ValueError(f"{where} has {what} of {split} twice, one is {name!r}; {EXPECTED}")
        into[split] = array
    if "train" not in inputs or inputs.keys() != labels.keys():
        names = listed([printable(name) for name in arrays])
        raise ValueError(f"{where} has the arrays {names or 'none'}; {EXPECTED}")
    return {split: checked(inputs[split], labels[split], f"{where}, {split}") for split in inputs}


def _told(name: str) -> tuple[str, str | None]:
    """Return the split that a name tells ("train" if none), and "inputs", "labels" or None."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    splits = {_SPLITS[word] for word in words if word in _SPLITS}
    others = [word for word in words if word not in _SPLITS]
    split = splits.pop() if len(splits) == 1 else "train"
    if len(others) != 1 or splits:
        return split, None
    is_input, is_label = others[0] in _INPUTS, others[0] in _LABELS
    return split, "inputs" if is_input else "labels" if is_label else None


def checked(inputs: Any, labels: Any, where: str) -> Labelled:
    """Check arrays (of NumPy, or tensors) against each other; labels of shape (n, 1) become (n,).

    Raises:
        ValueError: they are no arrays of as many samples, or there is more than a label each.
    """
    x, y = as_array(inputs, f"{where}: the inputs"), as_array(labels, f"{where}: the labels")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(
            f"{where}: expected one label a sample, shape (samples,), got shape {y.shape}; of "
            "one-hot labels y.argmax(axis=1), several labels a sample are not supported"
        )
    if x.ndim not in (2, 3, 4) or len(x) != len(y) or 0 in x.shape[1:]:
        raise ValueError(
            f"{where}: expected inputs of shape (samples, features), (samples, height, width) or "
            f"with channels, and as many labels, got inputs of {x.shape} and labels of {y.shape}"
        )
    return Labelled(x, y)


def as_array(values: Any, where: str) -> npt.NDArray[Any]:
    """Return an array, a tensor or a list as an array of numbers, truth values or texts.

    Raises:
        ValueError: it is none.
    """
    if hasattr(values, "detach") and hasattr(values, "numpy"):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{where} are no array: their rows have several sizes") from error
    if array.dtype == object and array.ndim == 1 and all(isinstance(v, str) for v in array):
        array = array.astype(str)
    if array.dtype.kind not in "biufUS" or array.ndim == 0:
        raise ValueError(f"{where}: expected an array of numbers, got {_kind(values, array)}")
    return array.astype(str) if array.dtype.kind == "S" else array


def _kind(values: Any, array: npt.NDArray[Any]) -> str:
    if isinstance(values, np.ndarray):
        return f"one of {array.dtype}"
    return f"a {type(values).__name__}"
