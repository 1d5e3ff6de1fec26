"""The operations on a cell's edges: a table from a name to what builds it.

Each takes maps of shape (batch, channels, height, width) and keeps the channels; at stride 2 it
halves height and width, rounded up, so that a map never shrinks to nothing. Convolutions are
ReLU, convolution, batch normalisation, in this order.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from raynas.nets.layers import BatchNorm

CellOp = Callable[[int, int, bool], nn.Module]
"""Builds an operation for (channels, stride, affine); affine: do its normalisations learn."""


class ConvUnit(nn.Sequential):
    """ReLU, convolutions without bias one after the other, batch normalisation."""

    def __init__(self, *convolutions: nn.Conv2d, affine: bool = True) -> None:
        """Take the convolutions, the last of which says how many channels come out."""
        norm = BatchNorm(convolutions[-1].out_channels, affine=affine)
        super().__init__(nn.ReLU(), *convolutions, norm)


class FactorizedReduce(nn.Sequential):
    """Halves a map: ReLU, two 1x1 convolutions one pixel apart, normalisation (Liu 2019, DARTS)."""

    def __init__(self, channels: int, filters: int, *, affine: bool = True) -> None:
        """Go from `channels` to `filters`."""
        super().__init__(
            nn.ReLU(), ShiftedHalves(channels, filters), BatchNorm(filters, affine=affine)
        )


class ShiftedHalves(nn.Module):
    """Two 1x1 convolutions of stride 2, the second one pixel off, joined in depth.

    An odd map is continued by a row and a column of zeros for the second.
    """

    def __init__(self, channels: int, filters: int) -> None:
        """Go from `channels` to `filters`; the first convolution makes the smaller half."""
        super().__init__()
        half = filters // 2
        self.even = nn.Conv2d(channels, half, 1, 2, bias=False)
        self.odd = nn.Conv2d(channels, filters - half, 1, 2, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Halve `inputs` of shape (batch, channels, height, width), rounding up."""
        shifted = functional.pad(inputs, (0, 1, 0, 1))[:, :, 1:, 1:]
        return torch.cat([self.even(inputs), self.odd(shifted)], dim=1)


def conv_unit(
    channels: int, filters: int, kernel: int, stride: int = 1, *, affine: bool = True
) -> ConvUnit:
    """Build ReLU, a square 'same' convolution and batch normalisation."""
    return ConvUnit(
        nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False), affine=affine
    )


def skip(channels: int, stride: int, affine: bool) -> nn.Module:
    """Pass on; at stride 2 by a factorized reduction, which has weights."""
    if stride == 1:
        return nn.Identity()
    return FactorizedReduce(channels, channels, affine=affine)


def conv(kernel: int) -> CellOp:
    """Return the builder of a square convolution."""
    return lambda channels, stride, affine: conv_unit(
        channels, channels, kernel, stride, affine=affine
    )


def thin_conv(kernel: int) -> CellOp:
    """Return the builder of a 1xk convolution followed by a kx1 one, each with the stride once."""

    def build(channels: int, stride: int, affine: bool) -> nn.Module:
        half = kernel // 2
        return ConvUnit(
            nn.Conv2d(channels, channels, (1, kernel), (1, stride), (0, half), bias=False),
            nn.Conv2d(channels, channels, (kernel, 1), (stride, 1), (half, 0), bias=False),
            affine=affine,
        )

    return build


def depthwise_conv(kernel: int) -> CellOp:
    """Return the builder of a depthwise convolution."""
    return lambda channels, stride, affine: ConvUnit(
        _depthwise(channels, kernel, stride), affine=affine
    )


def separable_conv(kernel: int, *, dilation: int = 1, times: int = 1) -> CellOp:
    """Return the builder of depthwise-separable convolutions; the first has the stride."""

    def unit(channels: int, stride: int, affine: bool) -> nn.Module:
        pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        return ConvUnit(_depthwise(channels, kernel, stride, dilation), pointwise, affine=affine)

    if times == 1:
        return unit
    return lambda channels, stride, affine: nn.Sequential(
        *(unit(channels, stride if i == 0 else 1, affine) for i in range(times))
    )


def max_pool(kernel: int) -> CellOp:
    """Return the builder of a max-pooling."""
    return lambda channels, stride, affine: nn.MaxPool2d(kernel, stride, kernel // 2)


def avg_pool(kernel: int) -> CellOp:
    """Return the builder of an average-pooling that does not count its padding."""
    return lambda channels, stride, affine: nn.AvgPool2d(
        kernel, stride, kernel // 2, count_include_pad=False
    )


def _depthwise(channels: int, kernel: int, stride: int, dilation: int = 1) -> nn.Conv2d:
    padding = dilation * (kernel // 2)
    return nn.Conv2d(
        channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False
    )


CELL_OPS: dict[str, CellOp] = {
    "skip_connect": skip,
    "nor_conv_1x1": conv(1),
    "nor_conv_3x3": conv(3),
    "conv_1x3_3x1": thin_conv(3),
    "conv_1x7_7x1": thin_conv(7),
    "dw_conv_3x3": depthwise_conv(3),
    "dw_sep_conv_3x3": separable_conv(3),
    "sep_conv_3x3": separable_conv(3, times=2),
    "sep_conv_5x5": separable_conv(5, times=2),
    "sep_conv_7x7": separable_conv(7, times=2),
    "dil_conv_3x3": separable_conv(3, dilation=2),
    "dil_conv_5x5": separable_conv(5, dilation=2),
    "avg_pool_3x3": avg_pool(3),
    "max_pool_3x3": max_pool(3),
    "max_pool_5x5": max_pool(5),
    "max_pool_7x7": max_pool(7),
}
"""`sep_conv` are two separable convolutions, as in NASNet, PNAS and DARTS; `dw_sep_conv` is one."""


def build_cell_op(name: str, channels: int, stride: int = 1, *, affine: bool = True) -> nn.Module:
    """Build the operation of a name (any of `CELL_OPS`; "none" is no operation but no edge).

    Raises:
        ValueError: there is no such operation.
    """
    if name not in CELL_OPS:
        raise ValueError(f"op: expected one of none, {', '.join(CELL_OPS)}, got {name!r}")
    return CELL_OPS[name](channels, stride, affine)
