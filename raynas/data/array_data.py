"""A data set in memory."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from raynas.data.intake import Intake
from raynas.preparation import Preparation

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ArrayData:
    """A data set in memory, divided into "train", "validation" and "test".

    `inputs` are images (rows, channels, height, width), uint8 or float32, or float32 features
    (rows, features), of which `preparation` says how they were made; `labels` are class numbers.
    `mean` and `std` are taken over the training split, a number a channel or feature, in the units
    of the inputs. Only arrays and plain data: Ray's object store keeps one copy a node, which all
    trials read.
    """

    name: str
    inputs: dict[str, npt.NDArray[Any]]
    labels: dict[str, npt.NDArray[np.int64]]
    label_names: Sequence[str]
    mean: npt.NDArray[np.float32]
    std: npt.NDArray[np.float32]
    intake: Intake = field(default_factory=Intake, compare=False)
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self.inputs["train"].shape[1:])

    @property
    def num_outputs(self) -> int:
        """How many classes there are."""
        return len(self.label_names)

    def summary(self) -> str:
        """Say how many samples there are, of what, how divided, and what was left out of them."""
        shape = "×".join(map(str, self.input_shape))
        kind = "images" if len(self.input_shape) == 3 else "rows of numbers"
        train, validation, test = (len(self.labels[split]) for split in SPLITS)
        words = self.intake.words()
        return (
            f"{train + validation + test:,} {kind} ({shape}) in {self.num_outputs} classes: "
            f"{train:,} to train on, {validation:,} to validate, {test:,} to test"
            f"{'; ' if words else ''}{words}"
        )

    def fingerprint(self) -> str:
        """Tell this data set, divided as it is, from any other: rows, shape, classes, a hash."""
        names = list(self.label_names)
        plain = not any("\0" in name for name in names)  # else the join would not tell them apart
        digest = hashlib.blake2b(digest_size=8)
        digest.update(("\0".join(names) if plain else json.dumps(names)).encode())
        for split in SPLITS:
            for part in (self.inputs[split], self.labels[split]):
                digest.update(f"{split} {part.dtype} {part.shape}".encode())
                digest.update(np.ascontiguousarray(part).data)
        rows = sum(len(self.labels[split]) for split in SPLITS)
        shape = "×".join(map(str, self.input_shape))
        return f"{rows:,} rows of {shape} in {self.num_outputs} classes, {digest.hexdigest()}"


def mean_and_std(
    inputs: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return mean and standard deviation of each channel or feature; what is constant has std 1.

    Works through the rows in pieces, so that nothing as large as `inputs` is made.
    """
    axes = (0, *range(2, inputs.ndim))
    shape = (1, -1) + (1,) * (inputs.ndim - 2)
    mean = inputs.mean(axis=axes, dtype=np.float64)
    squares = np.zeros_like(mean)
    for start in range(0, len(inputs), 1024):
        piece = inputs[start : start + 1024] - mean.reshape(shape)
        squares += np.square(piece).sum(axis=axes)
    std = np.sqrt(squares / (inputs.size / len(mean))).astype(np.float32)  # may round to 0
    return mean.astype(np.float32), np.where(std > 0, std, np.float32(1))
