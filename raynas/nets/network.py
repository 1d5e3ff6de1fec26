"""A network ready to use: it takes inputs as the data set has them and names their class."""

import struct
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import ExifTags, ImageOps
from PIL.Image import Image, fromarray
from torch import Tensor, nn

from raynas.preparation import BILINEAR, Preparation

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's mode of an image by its channels."""


def normalize(inputs: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return inputs of shape (batch, channels, …) with mean 0 and standard deviation 1.

    `mean` and `std` are numbers, or have one a channel or feature, in the units of the inputs.
    """
    shape = (-1,) + (1,) * (inputs.ndim - 2)
    return (inputs.to(mean.dtype) - mean.reshape(shape)) / std.reshape(shape)


class Network(nn.Module):
    """A trained net with its normalisation and the names of its classes.

    Called with a batch of raw inputs, shape (batch, *input_shape), it returns one value a class
    (logits); `predict` names the class.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        net: nn.Module,
        input_shape: Sequence[int],
        label_names: Sequence[str],
        preparation: Preparation | None = None,
    ) -> None:
        """Wrap a net for samples of `input_shape`; mean and std come with the weights.

        `preparation` says how such samples are made of the rows or photos of its data set.
        """
        super().__init__()
        self.net = net
        self.preparation = preparation or Preparation()
        self.input_shape = tuple(input_shape)
        self.label_names = tuple(label_names)
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs (logits), shape (batch, classes), of raw inputs."""
        outputs: Tensor = self.net(normalize(inputs, self.mean, self.std))
        return outputs

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Take the weights, mean and standard deviation that a training left."""
        self.mean, self.std = weights["mean"], weights["std"]  # a number, or one a channel
        self.load_state_dict(weights)

    @torch.no_grad()
    def predict(self, sample: Any) -> Any:
        """Return the label name of one sample, or a list of them for a batch.

        A sample is an array, tensor or list of `input_shape`, or an image: Pillow's, or an array of
        shape (height, width, channels) or (height, width). Its values are those of the data set, as
        0 to 255. A Pillow image is turned as its EXIF orientation says, as those of the data were;
        one in other colours is converted. One of another size is resized where those of the data
        were; else how to bring it to their size, and from where to cut it, is yours to say.

        Where the data was a table, a sample may be a row as it stands there: a dict of column
        names and values (None is missing), a list of them, or a pandas DataFrame. An array is then
        what is made of rows, of `preparation.inputs`.

        Raises:
            ValueError: it has another shape or size, is an image of more than 16 bits a channel, or
                a row that lacks a column or has a value of another kind.
        """
        inputs, single = self._batch(sample)
        numbers = self(torch.from_numpy(inputs).to(self.mean.device)).argmax(dim=1).tolist()
        names = [self.label_names[number] for number in numbers]
        return names[0] if single else names

    def _batch(self, sample: Any) -> tuple[npt.NDArray[Any], bool]:
        """Return a sample as a batch of one and True, or a batch as it is and False."""
        shape = self.input_shape
        rows = _rows(sample)
        if rows is not None:
            if not self.preparation.columns:
                raise ValueError(f"expected an array of shape {shape}, got rows with columns")
            return self.preparation.encode(rows), isinstance(sample, Mapping)
        if isinstance(sample, Image) and len(shape) == 3 and shape[0] in _MODES:
            sample = _like_the_data(sample, shape, resized=self.preparation.resized)
        array = sample.numpy(force=True) if isinstance(sample, Tensor) else np.array(sample)
        if len(shape) == 3 and array.shape[-3:] != shape:
            array = _channels_first(array, shape)
        if array.shape == shape:
            return array[None], True
        if array.shape[1:] == shape:
            return array, False
        raise ValueError(
            f"expected one sample of shape {shape}, or a batch of them, got shape {array.shape}"
        )


def _rows(sample: Any) -> Sequence[Mapping[str, Any]] | None:
    """Return the rows of a table that a sample is, or None where it is something else."""
    if isinstance(sample, Mapping):
        return [sample]
    if hasattr(sample, "columns") and hasattr(sample, "to_dict"):
        rows: Sequence[Mapping[str, Any]] = sample.to_dict("records")
        return rows
    several = isinstance(sample, list | tuple) and sample
    return sample if several and all(isinstance(row, Mapping) for row in sample) else None


def _like_the_data(image: Image, shape: tuple[int, ...], *, resized: bool) -> Image:
    """Return an image upright, in the colours that a net for samples of `shape` takes.

    Raises:
        ValueError: it has another size, or more than 16 bits a channel.
    """
    channels, height, width = shape
    image = _upright(image)
    if image.size != (width, height) and not resized:
        raise ValueError(
            f"expected an image of {width}x{height} pixels, got {image.width}x{image.height}; "
            f"bring it to that size first: image.resize(({width}, {height}))"
        )
    if image.mode.startswith("I;16"):
        image = fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode.startswith(("I", "F")):
        raise ValueError(f"expected an image with 8 bits a channel, got one of mode {image.mode}")
    image = image.convert(_MODES[channels])
    return image if image.size == (width, height) else image.resize((width, height), BILINEAR)


def _upright(image: Image) -> Image:
    """Return an image as a viewer shows it; EXIF that cannot be read turns nothing."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            turned = image.getexif().get(ExifTags.Base.Orientation) in range(2, 9)
        return ImageOps.exif_transpose(image) if turned else image
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return image


def _channels_first(array: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Bring images as Pillow and most files have them to `shape`, (channels, height, width)."""
    channels, *size = shape
    if array.ndim in (3, 4) and array.shape[-3:] == (*size, channels):
        return np.ascontiguousarray(np.moveaxis(array, -1, -3))
    if channels == 1 and array.ndim in (2, 3) and array.shape[-2:] == tuple(size):
        return np.expand_dims(array, -3)
    return array
