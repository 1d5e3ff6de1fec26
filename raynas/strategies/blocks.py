"""Weights of a small network in numpy, with their gradients and Adam."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

START = 0.08
"""Weights start uniformly between -START and START (Zoph & Le 2017)."""
DECAY = (0.9, 0.999)
SMALL = 1e-8


class Block:
    """Named arrays that lie in one vector, so that one step of Adam moves them all."""

    def __init__(self, rng: np.random.Generator, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Draw the weights."""
        total = sum(map(prod, shapes.values()))
        self._shapes = dict(shapes)
        self._values = rng.uniform(-START, START, total)
        self._gradients = np.zeros(total)
        self._means = np.zeros(total)
        self._squares = np.zeros(total)
        self._steps = 0
        self._look()

    def _look(self) -> None:
        self._weights = _views(self._values, self._shapes)
        self.gradient = _views(self._gradients, self._shapes)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the views: a copy's would be arrays of their own."""
        return {k: v for k, v in vars(self).items() if k not in ("_weights", "gradient")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Look at the copied vectors again."""
        vars(self).update(state)
        self._look()

    def __getitem__(self, name: str) -> Vector:
        """Return an array of weights."""
        return self._weights[name]

    def adam(self, learning_rate: float) -> None:
        """Go one step down the gradient (Kingma & Ba 2015, arXiv:1412.6980), then clear it.

        The count of steps, as the moments, is the block's own: what a walk did not meet stays.
        """
        self._steps += 1
        first, second = DECAY
        self._means += (1 - first) * (self._gradients - self._means)
        self._squares += (1 - second) * (self._gradients**2 - self._squares)
        rate = learning_rate / (1 - first**self._steps)
        spread = np.sqrt(self._squares / (1 - second**self._steps))
        self._values -= rate * self._means / (spread + SMALL)
        self._gradients[:] = 0


def _views(vector: Vector, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Vector]:
    views, start = {}, 0
    for name, shape in shapes.items():
        end = start + prod(shape)
        views[name] = vector[start:end].reshape(shape)
        start = end
    return views
