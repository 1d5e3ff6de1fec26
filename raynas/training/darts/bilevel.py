"""The gradient of a supernet's alphas: the upper level of DARTS (Liu 2019, section 2.3).

Alphas are to be good on validation data for weights that are trained on training data. First order
takes the weights as they are; second order looks one step of their training ahead.

Both leave the weights, their gradients and the running statistics of normalisations as they are,
so that validation data reach nothing but the alphas.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from raynas.nets import Supernet
from raynas.nets.layers import still_statistics

BatchLoss = Callable[[Any], Tensor]
"""The supernet's loss on a batch, a number with a gradient."""

Average = Callable[[list[Tensor]], list[Tensor]]
"""Averages gradients over the workers that train a supernet together, each with its own batches."""


def first_order_gradients(
    supernet: Supernet, loss: BatchLoss, validation: Any, *, average: Average = list
) -> list[Tensor]:
    """Return the gradient of the validation loss for each of `supernet.alpha_parameters()`."""
    with still_statistics(supernet):
        return average(_gradients(loss(validation), supernet.alpha_parameters()))


def second_order_gradients(
    supernet: Supernet,
    loss: BatchLoss,
    train: Any,
    validation: Any,
    *,
    learning_rate: float,
    momentum: float,
    weight_decay: float,
    velocities: Sequence[Tensor | None],
    radius: float = 0.01,
    average: Average = list,
) -> list[Tensor]:
    """Return the gradient of the validation loss after one step of SGD on the training loss.

    The step is w' = w - learning_rate * (momentum * v + dL_train/dw + weight_decay * w), with the
    optimiser's `velocities` v (None: zero), one a weight. Its derivative for the alphas has a
    product of a matrix of second derivatives with g = dL_val(w')/dw', which is replaced by the
    difference of two gradients at w ± radius / |g| * g (equations 7 and 8).
    """
    alphas, weights = supernet.alpha_parameters(), supernet.weight_parameters()
    with still_statistics(supernet):
        gradients = average(_gradients(loss(train), weights))
        before = [weight.detach().clone() for weight in weights]
        with torch.no_grad():
            steps = [
                g + weight_decay * w + (0 if v is None else momentum * v)
                for w, g, v in zip(weights, gradients, velocities, strict=True)
            ]
        try:
            _move(weights, before, steps, -learning_rate)
            ahead = average(_gradients(loss(validation), [*alphas, *weights]))
            direct, direction = ahead[: len(alphas)], ahead[len(alphas) :]
            norm = torch.cat([g.flatten() for g in direction]).norm()
            if not norm > 0:
                return direct
            distance = radius / float(norm)
            _move(weights, before, direction, distance)
            above = average(_gradients(loss(train), alphas))
            _move(weights, before, direction, -distance)
            below = average(_gradients(loss(train), alphas))
        finally:
            _move(weights, before, before, 0.0)
    return [
        d - learning_rate * (a - b) / (2 * distance)
        for d, a, b in zip(direct, above, below, strict=True)
    ]


@torch.no_grad()
def _move(
    weights: Sequence[Tensor], before: Sequence[Tensor], by: Sequence[Tensor], factor: float
) -> None:
    """Set the weights to before + factor * by."""
    for weight, start, step in zip(weights, before, by, strict=True):
        torch.add(start, step, alpha=factor, out=weight)


def _gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Differentiate for these parameters only; zero where the loss does not depend on one."""
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))
