"""From the labels of a data set to class numbers."""

import numpy as np
import numpy.typing as npt

from raynas.training.splits import Indices

Labels = npt.NDArray[np.generic]


def number_labels(parts: dict[str, Labels]) -> tuple[dict[str, Indices], tuple[str, ...]]:
    """Number the classes by their sorted labels, over all parts; also returns their names.

    Raises:
        ValueError: there is only one class.
    """
    classes = np.unique(np.concatenate(list(parts.values())))
    if len(classes) < 2:
        found = f"only {classes[0]}" if len(classes) else "no rows"
        raise ValueError(f"a data set needs at least two different labels, got {found}")
    numbered = {part: np.searchsorted(classes, labels) for part, labels in parts.items()}
    return numbered, tuple(str(label) for label in classes.tolist())
