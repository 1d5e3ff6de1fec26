"""The operations that a chain is made of: a table from a node's `type` to what builds it."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from raynas.nets.layers import BatchNorm, Shape, image_shape

Node = Mapping[str, Any]
"""One operation as plain data, as `{"type": "conv", "filters": 16, "kernel": 3, ...}`."""

Op = Callable[[Node, Shape], tuple[nn.Module, Shape]]
"""Builds the module of a node for samples of a shape; also returns the shape that comes out."""


def conv(node: Node, shape: Shape) -> tuple[nn.Module, Shape]:
    """Build a 'same' convolution, batch normalisation and an activation.

    The map shrinks only by its stride, rounded up, so it never shrinks to nothing.
    """
    channels, height, width = image_shape(node["type"], shape)
    filters, kernel, stride = node["filters"], node["kernel"], node["stride"]
    module = nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride, padding=kernel // 2, bias=False),
        BatchNorm(filters),
        build_activation(node["activation"]),
    )
    return module, (filters, -(-height // stride), -(-width // stride))


def max_pool(node: Node, shape: Shape) -> tuple[nn.Module, Shape]:
    """Build a 'same' max-pooling; the map shrinks only by its stride, rounded up."""
    channels, height, width = image_shape(node["type"], shape)
    kernel, stride = node["kernel"], node["stride"]
    module = nn.MaxPool2d(kernel, stride, padding=kernel // 2)
    return module, (channels, -(-height // stride), -(-width // stride))


def dense(node: Node, shape: Shape) -> tuple[nn.Module, Shape]:
    """Build a fully connected layer with an activation; takes feature vectors."""
    if len(shape) != 1:
        raise ValueError(f"dense takes samples of shape (features,), got {shape}")
    units = node["units"]
    return nn.Sequential(nn.Linear(shape[0], units), build_activation(node["activation"])), (units,)


OPS: dict[str, Op] = {"conv": conv, "max_pool": max_pool, "dense": dense}

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "linear": nn.Identity,
}


def build_op(node: Node, shape: Shape, path: str = "node") -> tuple[nn.Module, Shape]:
    """Build the operation that a node names; returns its module and the shape that comes out.

    Raises:
        ValueError: the type or activation is unknown, an option is missing, or samples of `shape`
            do not fit; the message starts with `path`.
    """
    if node.get("type") not in OPS:
        raise ValueError(f"{path}/type: expected one of {', '.join(OPS)}, got {node.get('type')!r}")
    try:
        return OPS[node["type"]](node, shape)
    except KeyError as error:
        raise ValueError(f"{path}: a {node['type']} needs the option {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def build_activation(name: str) -> nn.Module:
    """Build the activation of a name (any of `ACTIVATIONS`).

    Raises:
        ValueError: there is no such activation.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]()
