"""Encoded images to one array of pixels, upright as a viewer shows them."""

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from raynas.data.intake import Intake
from raynas.data.source import first_line
from raynas.preparation import BILINEAR

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
    "I;16": "L",
    "I;16L": "L",
    "I;16B": "L",
}
_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
LARGEST = 256
"""Images that all have one size, up to so many pixels wide and high, keep it."""
USUAL = 64
"""Others are made squares with the median of their shorter sides, but at most so many pixels."""


class ImageFormat(NamedTuple):
    """What all images of a data set become: a Pillow mode (L, RGB or RGBA), a size in pixels.

    `resized` where they do not all have it.
    """

    mode: str
    width: int
    height: int
    resized: bool


class Encoded(NamedTuple):
    """Images as they are stored, and what each is called in messages: a file, or a row."""

    images: Sequence[bytes]
    names: Sequence[str]


def image_format(encoded: Encoded, size: int | None, intake: Intake) -> ImageFormat:
    """Choose a size, unless it is given (of a square), and the least mode that loses nothing.

    Of the images only the heads are read. What is resized is noted.

    Raises:
        ValueError: there are none, or one is no image of 8 or 16 bits a channel.
    """
    if not encoded.names:
        raise ValueError("there are no images to train on")
    modes, sizes = set(), []
    for data, name in zip(*encoded, strict=True):
        with _open(data, name) as image:
            modes.add("RGBA" if "transparency" in image.info else _MODES[image.mode])
            sizes.append(_upright_size(image, name))
    mode = max(modes, key=lambda mode: _CHANNELS[mode])
    different = Counter(sizes)
    if size is None and len(different) == 1 and max(sizes[0]) <= LARGEST:
        return ImageFormat(mode, sizes[0][0], sizes[0][1], resized=False)
    side = size or max(1, min(USUAL, int(np.median([min(one) for one in sizes]))))
    resized = different.keys() != {(side, side)}
    if resized:
        (width, height), count = different.most_common(1)[0]
        others = f" and {len(different) - 1:,} other sizes" if len(different) > 1 else ""
        intake.changed.append(
            f"images resized to {side}x{side} pixels from {width}x{height} ({count:,}){others}"
            + ("" if size else ": another size by --set image_size=N")
        )
    return ImageFormat(mode, side, side, resized=resized)


def decode_images(
    parts: dict[str, Encoded], wanted: ImageFormat, intake: Intake
) -> dict[str, npt.NDArray[np.uint8]]:
    """Decode the images of each part, turned as their EXIF orientation says, to a format.

    Returns pixels of shape (images, channels, height, width). What was turned and converted is
    noted.

    Raises:
        ValueError: one is broken, or has another size where they are not resized.
    """
    turned, modes, pixels = 0, set(), {}
    for part, encoded in parts.items():
        shape = (wanted.height, wanted.width, _CHANNELS[wanted.mode])
        array = np.empty((len(encoded.names), shape[2], *shape[:2]), dtype=np.uint8)
        for i, (data, name) in enumerate(zip(*encoded, strict=True)):
            with _open(data, name) as image:
                modes.add(image.mode)
                upright, was_turned = _upright(image, name)
                turned += was_turned
                fitting = _fitting(upright, wanted, name, was_turned)
                array[i] = np.asarray(fitting).reshape(shape).transpose(2, 0, 1)
        pixels[part] = array
    if turned:
        intake.changed.append(
            f"{turned:,} image{'s' if turned > 1 else ''} turned upright by their EXIF orientation"
        )
    if modes - {wanted.mode}:
        intake.changed.append(
            f"images of mode {', '.join(sorted(modes))} converted to {wanted.mode}"
        )
    return pixels


def _fitting(image: Any, wanted: ImageFormat, name: str, was_turned: bool) -> Any:
    """Return an image in the mode and size that is wanted."""
    size = (wanted.width, wanted.height)
    if image.size != size and not wanted.resized:
        raise ValueError(
            f"{name}: all images must have the size of those that are trained on, "
            f"{wanted.width}x{wanted.height}, got {image.width}x{image.height}"
            + (" (upright, as its EXIF orientation says)" if was_turned else "")
            + ": resize them all with --set image_size=N"
        )
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    image = image.convert(wanted.mode)
    return image if image.size == size else image.resize(size, BILINEAR)


def _upright_size(image: Any, name: str) -> tuple[int, int]:
    """Return width and height of an image once it is upright."""
    if _orientation(image) not in range(5, 9):
        return image.width, image.height
    if image.format == "TIFF":  # of which Pillow turns the pixels itself
        image, _ = _upright(image, name)
        return image.width, image.height
    return image.height, image.width


def _orientation(image: Any) -> int | None:
    """Return the EXIF orientation; None where it has none that can be read."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            orientation: int | None = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # Pillow's readers let through what Python says of wrong bytes
        return None  # turns nothing, in a viewer neither
    return orientation


def _upright(image: Any, name: str) -> tuple[Any, bool]:
    """Return an image as a viewer shows it, and whether it had to be turned or mirrored."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            image.load()
    except Exception as error:  # Pillow's decoders let through what Python says of wrong bytes
        raise ValueError(f"{name}: the image is broken: {first_line(error)}") from error
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            if _orientation(image) in range(2, 9):
                return ImageOps.exif_transpose(image), True
    except Exception:  # noqa: S110 (as above)
        pass  # unreadable EXIF turns nothing, in a viewer neither
    return image, False


def _open(data: bytes, name: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of broken EXIF
            image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name}: the image is too large: {first_line(error)}") from error
    except Exception as error:  # Pillow's readers let through what Python says of wrong bytes
        raise ValueError(f"{name}: not an image that Pillow can read") from error
    if image.mode not in _MODES:
        raise ValueError(
            f"{name}: expected an image with 8 bits a channel, or 16 in grey, got one of mode "
            f"{image.mode}"
        )
    return image
