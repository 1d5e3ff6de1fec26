"""Chains of convolutions and max-poolings for images, then dense layers.

One to five feature layers, each a convolution (16, 32 or 64 filters, kernel 3 or 5, stride 1 or 2;
relu, tanh or linear) or a max-pooling (kernel 3 or 5, stride 1 or 2); up to two dense layers (32,
64 or 128 units); linear output units, one a class. About 9.6e9 architectures.

Each of them can be built for any image, down to 1x1: all layers pad their input, so a map shrinks
only by its stride, rounded up, and never to nothing. A convolution is followed by batch
normalisation; the last map is averaged down to at most 4x4 before it is flattened.
"""

from raynas.nets import build_chain_cnn as build
from raynas.space import Choice, Record, Repeat

__all__ = ["build", "space"]

activation = Choice(["relu", "tanh", "linear"])
kernel = Choice([3, 5], ordered=True)
stride = Choice([1, 2], ordered=True)

conv = Record(
    type="conv",
    filters=Choice([16, 32, 64], ordered=True),
    kernel=kernel,
    stride=stride,
    activation=activation,
)
max_pool = Record(type="max_pool", kernel=kernel, stride=stride)
dense = Record(type="dense", units=Choice([32, 64, 128], ordered=True), activation=activation)

space = Record(
    features=Repeat(Choice({"conv": conv, "max_pool": max_pool}), 1, 5),
    classifier=Repeat(dense, 0, 2),
)
