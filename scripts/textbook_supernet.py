"""The supernet of DARTS as the paper writes it, for comparison (Liu 2019).

Every operation on every edge is a module of its own and is computed by itself, "none" included;
maps are laid out NCHW; a step differentiates the loss for everything. `scripts/bench_supernet.py`
measures raynas' supernet against it.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from raynas.nets import build_cell_op
from raynas.nets.cells.cell_ops import FactorizedReduce, conv_unit
from raynas.nets.layers import BatchNorm

OPS = [
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
]
NODES = 4

STEP = {"learning_rate": 0.025, "momentum": 0.9, "weight_decay": 3e-4}

Batch = tuple[Tensor, Tensor]
Step = Callable[[Batch, Batch], None]
"""Moves the alphas, then the weights, with a batch for the weights and one for the alphas."""


class Zero(nn.Module):
    """The operation "none"."""

    def __init__(self, stride: int) -> None:
        """Take the stride."""
        super().__init__()
        self.stride = stride

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply by zero."""
        return inputs[:, :, :: self.stride, :: self.stride].mul(0.0)


class MixedOp(nn.Module):
    """The weighted sum of all operations on one edge."""

    def __init__(self, channels: int, stride: int) -> None:
        """Build them; pools are followed by a normalisation."""
        super().__init__()
        self.ops = nn.ModuleList()
        for name in OPS:
            if name == "none":
                self.ops.append(Zero(stride))
                continue
            op = build_cell_op(name, channels, stride, affine=False)
            if "pool" in name:
                op = nn.Sequential(op, BatchNorm(channels, affine=False))
            self.ops.append(op)

    def forward(self, inputs: Tensor, weights: Tensor) -> Tensor:
        """Sum over the operations."""
        terms = [w * op(inputs) for w, op in zip(weights, self.ops, strict=True)]
        return sum(terms[1:], terms[0])


class Cell(nn.Module):
    """Two inputs, four nodes, an edge from every earlier place."""

    def __init__(self, widths: list[int], channels: int, *, halved: bool, stride: int) -> None:
        """Take the channels of the two inputs; `halved`: the first is twice as large."""
        super().__init__()
        first = (
            FactorizedReduce(widths[0], channels, affine=False)
            if halved
            else conv_unit(widths[0], channels, 1, affine=False)
        )
        self.prepare = nn.ModuleList([first, conv_unit(widths[1], channels, 1, affine=False)])
        self.ops = nn.ModuleList(
            MixedOp(channels, stride if place < 2 else 1)
            for node in range(NODES)
            for place in range(2 + node)
        )

    def forward(self, first: Tensor, second: Tensor, weights: Tensor) -> Tensor:
        """Run the cell; `weights` has a row an edge."""
        places = [self.prepare[0](first), self.prepare[1](second)]
        edge = 0
        for _ in range(NODES):
            terms = [self.ops[edge + j](h, weights[edge + j]) for j, h in enumerate(places)]
            edge += len(places)
            places.append(sum(terms[1:], terms[0]))
        return torch.cat(places[2:], dim=1)


class TextbookSupernet(nn.Module):
    """The net of DARTS' search."""

    def __init__(self, channels: int, cells: int, depth: int, num_outputs: int) -> None:
        """Build it for images with `depth` channels."""
        super().__init__()
        width = 3 * channels
        self.stem = nn.Sequential(nn.Conv2d(depth, width, 3, 1, 1, bias=False), BatchNorm(width))
        widths, halved = [width, width], False
        self.cells = nn.ModuleList()
        self.reductions = {cells // 3, 2 * cells // 3}
        for i in range(cells):
            reduces = i in self.reductions
            channels *= 1 + reduces
            self.cells.append(Cell(widths, channels, halved=halved, stride=1 + reduces))
            widths, halved = [widths[1], NODES * channels], reduces
        self.head = nn.Linear(widths[1], num_outputs)
        edges = sum(2 + node for node in range(NODES))
        self.alphas = nn.ParameterList(torch.zeros(edges, len(OPS)) for _ in range(2))

    def weights(self) -> list[nn.Parameter]:
        """Return the network's own parameters."""
        return [*self.stem.parameters(), *self.cells.parameters(), *self.head.parameters()]

    def forward(self, images: Tensor) -> Tensor:
        """Return one value an output."""
        first = second = self.stem(images)
        for i, cell in enumerate(self.cells):
            weights = torch.softmax(self.alphas[i in self.reductions], dim=-1)
            first, second = second, cell(first, second, weights)
        return self.head(second.mean(dim=(2, 3)))


def loss_of(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the cross entropy."""
    return functional.cross_entropy(outputs, labels)


def first_order(net: TextbookSupernet, validation: Batch) -> list[Tensor]:
    """Return the gradient of the alphas by a full backward pass."""
    net.zero_grad()
    loss_of(net(validation[0]), validation[1]).backward()
    return [alphas.grad for alphas in net.alphas]


def second_order(
    net: TextbookSupernet,
    train: Batch,
    validation: Batch,
    *,
    learning_rate: float,
    momentum: float,
    weight_decay: float,
    velocities: list[Tensor],
) -> list[Tensor]:
    """Return the gradient of the alphas after an unrolled step, on a copy of the net."""
    gradients = torch.autograd.grad(loss_of(net(train[0]), train[1]), net.weights())
    ahead = copy.deepcopy(net)
    with torch.no_grad():
        for w, g, v in zip(ahead.weights(), gradients, velocities, strict=True):
            w -= learning_rate * (momentum * v + g + weight_decay * w)
    direct = first_order(ahead, validation)
    direction = [w.grad for w in ahead.weights()]
    radius = 0.01 / torch.cat([g.flatten() for g in direction]).norm()

    def moved(by: Any) -> list[Tensor]:
        with torch.no_grad():
            for w, g in zip(net.weights(), direction, strict=True):
                w += by * g
        return list(torch.autograd.grad(loss_of(net(train[0]), train[1]), list(net.alphas)))

    above, below = moved(radius), moved(-2 * radius)
    with torch.no_grad():
        for w, g in zip(net.weights(), direction, strict=True):
            w += radius * g
    implicit = [(a - b) / (2 * radius) for a, b in zip(above, below, strict=True)]
    return [d - learning_rate * i for d, i in zip(direct, implicit, strict=True)]


def optimizers(weights: list[Any], alphas: list[Any]) -> tuple[torch.optim.SGD, torch.optim.Adam]:
    """Make those of the paper; the first has momentum from the start."""
    sgd = torch.optim.SGD(
        weights, STEP["learning_rate"], momentum=STEP["momentum"], weight_decay=STEP["weight_decay"]
    )
    for weight in weights:
        sgd.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return sgd, torch.optim.Adam(alphas, 3e-4, betas=(0.5, 0.999), weight_decay=1e-3)


def textbook_step(net: TextbookSupernet, *, order: int) -> Step:
    """Return the textbook's step."""
    weights = net.weights()
    sgd, adam = optimizers(weights, list(net.alphas))

    def step(train: Batch, validation: Batch) -> None:
        if order == 1:
            gradients = first_order(net, validation)
        else:
            v = [sgd.state[w]["momentum_buffer"] for w in weights]
            gradients = second_order(net, train, validation, **STEP, velocities=v)
        for alphas, gradient in zip(net.alphas, gradients, strict=True):
            alphas.grad = gradient
        adam.step()
        net.zero_grad()
        loss_of(net(train[0]), train[1]).backward()
        torch.nn.utils.clip_grad_norm_(weights, 5)
        sgd.step()

    return step
