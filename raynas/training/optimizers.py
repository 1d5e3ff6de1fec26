"""The optimisers that a candidate can be trained with, and its learning rate over time."""

from collections.abc import Callable, Iterable

from torch import nn
from torch.optim import SGD, Adam, Optimizer, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from raynas.options.training_options import TrainingOptions

Parameters = Iterable[nn.Parameter]


def adam(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """Adam (Kingma 2015, https://arxiv.org/abs/1412.6980)."""
    return Adam(parameters, config.learning_rate, weight_decay=config.weight_decay)


def rmsprop(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """RMSprop (Hinton 2012, lecture 6e of "Neural Networks for Machine Learning")."""
    return RMSprop(parameters, config.learning_rate, weight_decay=config.weight_decay)


def sgd(parameters: Parameters, config: TrainingOptions) -> Optimizer:
    """Stochastic gradient descent with momentum."""
    return SGD(
        parameters,
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )


OPTIMIZERS: dict[str, Callable[[Parameters, TrainingOptions], Optimizer]] = {
    "adam": adam,
    "rmsprop": rmsprop,
    "sgd": sgd,
}


def cosine(optimizer: Optimizer, steps: int) -> LRScheduler:
    """From the learning rate to zero on a half cosine (Loshchilov 2017, arxiv.org/abs/1608.03983).

    Changes after each step, without restarts.
    """
    return CosineAnnealingLR(optimizer, steps)


SCHEDULES: dict[str, Callable[[Optimizer, int], LRScheduler] | None] = {
    "constant": None,
    "cosine": cosine,
}
