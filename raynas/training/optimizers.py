"""The optimisers that a candidate can be trained with, and its learning rate over time."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop
from torch.optim.lr_scheduler import LRScheduler

from raynas.options.training_options import TrainingOptions

Parameters = Iterable[nn.Parameter]


def adam(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """Adam (Kingma 2015, https://arxiv.org/abs/1412.6980)."""
    weights = list(parameters)
    return Adam(
        weights,
        config.learning_rate,
        weight_decay=config.weight_decay,
        fused=fits_fused(weights, config),
    )


def rmsprop(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """RMSprop (Hinton 2012, lecture 6e of "Neural Networks for Machine Learning")."""
    return RMSprop(parameters, config.learning_rate, weight_decay=config.weight_decay)


def sgd(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """Stochastic gradient descent with momentum."""
    weights = list(parameters)
    return SGD(
        weights,
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        fused=fits_fused(weights, config),
    )


def fits_fused(weights: Sequence[Tensor], config: TrainingOptions) -> bool:
    """Whether one kernel can do the whole step: for real weights, on a CPU or a GPU.

    It unscales scaled gradients itself, which is too late to clip them: Lightning refuses the two
    together in any mixed precision.
    """
    clips_mixed = config.precision != "32-true" and config.gradient_clip is not None
    fits = all(w.is_floating_point() and w.device.type in ("cpu", "cuda") for w in weights)
    return fits and not clips_mixed


OPTIMIZERS: dict[str, Callable[[Parameters, TrainingOptions], Optimizer]] = {
    "adam": adam,
    "rmsprop": rmsprop,
    "sgd": sgd,
}


Progress = Callable[[], float]
"""Says which share of its steps a training has done, 0 to 1."""


class ByProgress(LRScheduler):
    """Sets the learning rate to a share of what it is at the start, by how far the training is.

    No number of steps is needed in advance, and nothing but the training's own count is kept.
    """

    def __init__(
        self, optimizer: Optimizer, share: Callable[[float], float], progress: Progress
    ) -> None:
        """Set it now, and at each `step()`, to `share(progress())` of the start."""
        self._share, self._progress = share, progress
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        """Return the learning rate of each group of parameters."""
        share = self._share(self._progress())
        return [float(start) * share for start in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of this; the functions are no part of it."""
        return {k: v for k, v in super().state_dict().items() if k not in ("_share", "_progress")}


def cosine(optimizer: Optimizer, progress: Progress) -> LRScheduler:
    """From the learning rate to zero on a half cosine (Loshchilov 2017, arxiv.org/abs/1608.03983).

    Changes after each step, without restarts.
    """
    return ByProgress(optimizer, lambda done: (1 + math.cos(math.pi * done)) / 2, progress)


SCHEDULES: dict[str, Callable[[Optimizer, Progress], LRScheduler] | None] = {
    "constant": None,
    "cosine": cosine,
}
