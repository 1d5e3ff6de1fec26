"""Arrays of images: where their channels are, and what type their pixels have."""

from typing import Any

import numpy as np
import numpy.typing as npt

from raynas.data.arrays.named_arrays import Labelled
from raynas.data.intake import Intake

_CHANNELS = (1, 3, 4)


def pixel_arrays(parts: dict[str, Labelled], where: str, intake: Intake) -> dict[str, Any]:
    """Return images of shape (samples, channels, height, width): uint8, or float32 if they must be.

    Without channels they are grey; where these come last they are brought to the front. Whole
    numbers from 0 to 255 are uint8.

    Raises:
        ValueError: the splits differ in shape, or a pixel is no finite number.
    """
    shapes = {part: _first(arrays.inputs).shape[1:] for part, arrays in parts.items()}
    if len(set(shapes.values())) > 1:
        several = ", ".join(f"{part} {shape}" for part, shape in shapes.items())
        raise ValueError(f"{where}: expected images of one shape in all splits, got {several}")
    if any(_is_last(arrays.inputs.shape) for arrays in parts.values()):
        intake.changed.append("channels brought from the last place to the first")
    bytes_do = all(_fit_bytes(arrays.inputs) for arrays in parts.values())
    pixels = {}
    for part, arrays in parts.items():
        if arrays.inputs.dtype.kind not in "biuf":
            raise ValueError(f"{where}, {part}: expected pixels that are numbers")
        array = _first(arrays.inputs).astype(np.uint8 if bytes_do else np.float32, copy=False)
        if not bytes_do and not np.isfinite(array).all():
            bad = int(np.argmin(np.isfinite(array).reshape(len(array), -1).all(axis=1)))
            raise ValueError(
                f"{where}, {part}: image {bad} has pixels that are no finite numbers of float32"
            )
        pixels[part] = array
    return pixels


def _is_last(shape: tuple[int, ...]) -> bool:
    if len(shape) != 4 or shape[3] not in _CHANNELS:
        return False
    return shape[1] not in _CHANNELS or shape[1] == shape[2] != shape[3]


def _first(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if images.ndim == 3:
        return images[:, None]
    return np.moveaxis(images, 3, 1) if _is_last(images.shape) else images


def _fit_bytes(images: npt.NDArray[Any]) -> bool:
    if images.dtype.kind not in "biu":
        return False
    return images.dtype == np.uint8 or (images.min(initial=0) >= 0 and images.max(initial=0) <= 255)
