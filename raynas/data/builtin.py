"""The data sets that come with raynas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from raynas.data.splits import Indices

Rows = tuple[npt.NDArray[Any], Indices, tuple[str, ...]]
"""Inputs, labels and the names of the classes."""


def digits(seed: int) -> Rows:
    """Return scikit-learn's 1,797 handwritten digits, grey images of 8x8 with values 0 to 16."""
    from sklearn.datasets import load_digits  # imported here: takes a second, workers never need it

    images, labels = load_digits(return_X_y=True)
    shaped = images.reshape(-1, 1, 8, 8).astype(np.uint8)
    return shaped, labels.astype(np.int64), tuple("0123456789")


def synthetic(seed: int) -> Rows:
    """Return 2,000 rows of 10 uniform features; the label says whether their sum is over 5."""
    features = np.random.default_rng(seed).random((2000, 10), dtype=np.float32)
    labels = (features.sum(axis=1, dtype=np.float64) > 5).astype(np.int64)
    return features, labels, ("sum <= 5", "sum > 5")


BUILTIN: dict[str, Callable[[int], Rows]] = {"digits": digits, "synthetic": synthetic}
