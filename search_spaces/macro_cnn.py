"""Chains of up to 15 convolutions with skip connections.

Zoph & Le 2017 (https://arxiv.org/abs/1611.01578). Six to fifteen layers, each a convolution with
its own height and width (1, 3, 5 or 7), number of filters (24, 36, 48 or 64) and stride (1, 2 or
3), and a decision for each earlier layer whether to read it. About 7.2e65 architectures.

The net joins in depth what a layer reads, smaller maps padded with zeros; a layer that reads none
reads the image, and the outputs that no layer reads are joined before the linear layer. Batch
normalisation and ReLU follow every convolution. The number of layers is a growing decision (the
paper starts at six and adds two on a schedule). Works for any image, down to 1x1.
"""

from raynas.nets import build_skip_cnn as build
from raynas.space import Choice, Record, Stack

__all__ = ["build", "space"]

size = Choice([1, 3, 5, 7], ordered=True)

layer = Record(
    type="conv",
    height=size,
    width=size,
    filters=Choice([24, 36, 48, 64], ordered=True),
    stride=Choice([1, 2, 3], ordered=True),
)

space = Record(layers=Stack(layer, 6, 15))
