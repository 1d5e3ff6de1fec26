"""Encoded images to one array of pixels, upright as a viewer shows them."""

import io
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from raynas.data.source import first_line
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


class Decoded(NamedTuple):
    """Pixels (images, channels, height, width), how many were turned upright, modes as stored."""

    pixels: npt.NDArray[np.uint8]
    turned: int
    modes: set[str]


def image_format(encoded: Sequence[bytes], rows: Indices, where: str) -> ImageFormat:
    """Return the size of the first image, and the least mode that loses nothing of any of them.

    Only the first one is decoded; of the others the heads are read. `rows` and `where` are for
    messages.

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
        upright, _ = _upright(first, f"{where}, row {rows[0]}")
        mode = max(modes, key=lambda mode: _CHANNELS[mode])
        return ImageFormat(mode, upright.width, upright.height)


def decode_images(
    encoded: Sequence[bytes], rows: Indices, wanted: ImageFormat, where: str
) -> Decoded:
    """Decode, and turn each image as its EXIF orientation says.

    Raises:
        ValueError: one is no image or has another size; the message names its row.
    """
    shape = (wanted.height, wanted.width, _CHANNELS[wanted.mode])
    pixels = np.empty((len(encoded), shape[2], shape[0], shape[1]), dtype=np.uint8)
    turned, modes = 0, set()
    for i, (row, data) in enumerate(zip(rows, encoded, strict=True)):
        with _open(data, f"{where}, row {row}") as image:
            modes.add(image.mode)
            upright, was_turned = _upright(image, f"{where}, row {row}")
            turned += was_turned
            if upright.size != (wanted.width, wanted.height):
                raise ValueError(
                    f"{where}, row {row}: all images must have the size of the first, "
                    f"{wanted.width}x{wanted.height}, got {upright.width}x{upright.height}"
                    + (" (upright, as its EXIF orientation says)" if was_turned else "")
                )
            pixels[i] = np.asarray(upright.convert(wanted.mode)).reshape(shape).transpose(2, 0, 1)
    return Decoded(pixels, turned, modes)


def _upright(image: Any, where: str) -> tuple[Any, bool]:
    """Return an image as a viewer shows it, and whether it had to be turned or mirrored."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            image.load()
    except Exception as error:  # Pillow's decoders let through what Python says of wrong bytes
        raise ValueError(f"{where}: the image is broken: {first_line(error)}") from error
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            orientation = image.getexif().get(ExifTags.Base.Orientation)
        if orientation in range(2, 9):
            return ImageOps.exif_transpose(image), True
    except Exception:  # noqa: S110 (as above)
        pass  # unreadable EXIF turns nothing, in a viewer neither
    return image, False


def _open(data: bytes, where: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of broken EXIF
            image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise ValueError(f"{where}: the image is too large: {first_line(error)}") from error
    except Exception as error:  # Pillow's readers let through what Python says of wrong bytes
        raise ValueError(f"{where}: not an image that Pillow can read") from error
    if image.mode not in _MODES:
        raise ValueError(
            f"{where}: expected an image with 8 bits a channel, got one of mode {image.mode}"
        )
    return image
