"""Encoded images to one array of pixels."""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from raynas.data.splits import Indices

_MODES = {
    "1": "L",
    "L": "L",
    "LA": "RGBA",
    "P": "RGB",
    "PA": "RGBA",
    "RGB": "RGB",
    "YCbCr": "RGB",
    "CMYK": "RGB",
    "RGBA": "RGBA",
}
_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}


class ImageFormat(NamedTuple):
    """What all images of a data set are: a Pillow mode (L, RGB or RGBA), and a size in pixels."""

    mode: str
    width: int
    height: int


def image_format(encoded: Sequence[bytes], rows: Indices, where: str) -> ImageFormat:
    """Return the size of the first image, and the least mode that loses nothing of any of them.

    Only the heads of the images are read. `rows` and `where` are for messages.

    Raises:
        ValueError: one is not an image of 8 bits a channel.
    """
    if not encoded:
        raise ValueError(f"{where} has no rows")
    modes = set()
    for row, data in zip(rows, encoded, strict=True):
        with _open(data, f"{where}, row {row}") as image:
            transparent = "transparency" in image.info
            modes.add("RGBA" if transparent else _MODES[image.mode])
    with _open(encoded[0], where) as first:
        return ImageFormat(max(modes, key=lambda mode: _CHANNELS[mode]), first.width, first.height)


def decode_images(
    encoded: Sequence[bytes], rows: Indices, wanted: ImageFormat, where: str
) -> npt.NDArray[np.uint8]:
    """Decode to shape (images, channels, height, width).

    Raises:
        ValueError: one is no image or has another size; the message names its row.
    """
    shape = (wanted.height, wanted.width, _CHANNELS[wanted.mode])
    pixels = np.empty((len(encoded), shape[2], shape[0], shape[1]), dtype=np.uint8)
    for i, (row, data) in enumerate(zip(rows, encoded, strict=True)):
        with _open(data, f"{where}, row {row}") as image:
            if image.size != (wanted.width, wanted.height):
                raise ValueError(
                    f"{where}, row {row}: all images must have the size of the first, "
                    f"{wanted.width}x{wanted.height}, got {image.width}x{image.height}"
                )
            try:
                decoded = np.asarray(image.convert(wanted.mode)).reshape(shape)
            except (OSError, SyntaxError) as error:
                raise ValueError(f"{where}, row {row}: the image is broken: {error}") from error
            pixels[i] = decoded.transpose(2, 0, 1)
    return pixels


def _open(data: bytes, where: str) -> Any:
    try:
        image = Image.open(io.BytesIO(data))
    except OSError as error:
        raise ValueError(f"{where}: not an image that Pillow can read") from error
    if image.mode not in _MODES:
        raise ValueError(
            f"{where}: expected an image with 8 bits a channel, got one of mode {image.mode}"
        )
    return image
