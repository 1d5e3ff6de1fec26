"""Chains: one operation after the other, then a linear layer with one output a class."""

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import nn

from raynas.nets.chains.chain_ops import Node, build_op
from raynas.nets.chains.relaxed_chain import RelaxedChain, is_relaxed_chain
from raynas.nets.chains.relaxed_dense import RelaxedClassifier
from raynas.nets.layers import Shape

HEAD_SIZE = 4
"""A chain's last map is averaged down to at most this height and width before it is flattened."""


def build_mlp(value: dict[str, Any], input_shape: Shape, num_outputs: int) -> nn.Module:
    """Build `{"layers": [dense, ...]}`; images are flattened.

    Raises:
        ValueError: a layer is not a valid node.
    """
    if is_relaxed_chain(value["layers"]):
        sources = {"inputs": prod(input_shape)}
        return nn.Sequential(nn.Flatten(), RelaxedClassifier(value["layers"], sources, num_outputs))
    modules, shape = _chain(value["layers"], (prod(input_shape),), "layers")
    return nn.Sequential(nn.Flatten(), *modules, nn.Linear(shape[0], num_outputs))


def build_chain_cnn(value: dict[str, Any], input_shape: Shape, num_outputs: int) -> nn.Module:
    """Build `{"features": [conv or max_pool, ...], "classifier": [dense, ...]}` for images.

    The last map is averaged down to at most 4x4 and flattened, so that the classifier stays small
    for large images and sees where things are in small ones. Works for images down to 1x1.

    Raises:
        ValueError: the data are not images, or a layer is not a valid node.
    """
    if len(input_shape) != 3:
        raise ValueError(
            f"chain_cnn needs images of shape (channels, height, width), got {input_shape}; "
            "use the space mlp for feature vectors"
        )
    if is_relaxed_chain(value["features"]):
        return RelaxedChain(value, input_shape, num_outputs, HEAD_SIZE)
    features, (channels, height, width) = _chain(value["features"], input_shape, "features")
    pool = (-(-height // HEAD_SIZE), -(-width // HEAD_SIZE))
    flat = channels * (height // pool[0]) * (width // pool[1])
    classifier, shape = _chain(value["classifier"], (flat,), "classifier")
    head = [nn.AvgPool2d(pool)] if pool != (1, 1) else []
    return nn.Sequential(
        *features, *head, nn.Flatten(), *classifier, nn.Linear(shape[0], num_outputs)
    )


def _chain(nodes: Sequence[Node], shape: Shape, path: str) -> tuple[list[nn.Module], Shape]:
    modules = []
    for i, node in enumerate(nodes):
        module, shape = build_op(node, shape, f"{path}/{i}")
        modules.append(module)
    return modules, shape
