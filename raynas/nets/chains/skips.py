"""Chains of convolutions with skip connections: layers that read any earlier ones."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from raynas.nets.layers import BatchNorm, Shape, image_shape


class SkipNet(nn.Module):
    """The net of Zoph & Le 2017 (https://arxiv.org/abs/1611.01578, section 3.3).

    What a layer reads is joined in depth, smaller maps padded with zeros (evenly on all sides; the
    paper does not say where). A layer that reads none reads the image. The outputs that no layer
    reads are joined in the same way; their average over the map goes into a linear layer.
    """

    def __init__(self, value: Mapping[str, Any], input_shape: Shape, num_outputs: int) -> None:
        """Build `{"layers": [{"height", "width", "filters", "stride", "inputs": [0, …]}, …]}`.

        Raises:
            ValueError: the data are not images.
        """
        super().__init__()
        depth = image_shape("a net of convolutions", input_shape)[0]
        self.inputs: list[list[int]] = [layer["inputs"] for layer in value["layers"]]
        self.layers = nn.ModuleList()
        filters: list[int] = []
        for layer in value["layers"]:
            read = sum(filters[i] for i in layer["inputs"]) if layer["inputs"] else depth
            self.layers.append(_layer(layer, read))
            filters.append(layer["filters"])
        read_by_some = {i for inputs in self.inputs for i in inputs}
        self.unread = [i for i in range(len(filters)) if i not in read_by_some]
        self.head = nn.Linear(sum(filters[i] for i in self.unread), num_outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Return one value an output for `images` of shape (batch, channels, height, width)."""
        maps: list[Tensor] = []
        for layer, inputs in zip(self.layers, self.inputs, strict=True):
            maps.append(layer(_joined([maps[i] for i in inputs] or [images])))
        pooled = _joined([maps[i] for i in self.unread]).mean(dim=(2, 3))
        outputs: Tensor = self.head(pooled)
        return outputs


def build_skip_cnn(value: Mapping[str, Any], input_shape: Shape, num_outputs: int) -> nn.Module:
    """Build a chain with skip connections (see `SkipNet`) for images, down to 1x1.

    Raises:
        ValueError: the data are not images.
    """
    return SkipNet(value, input_shape, num_outputs)


def _layer(layer: Mapping[str, Any], channels: int) -> nn.Module:
    """Build a 'same' convolution, batch normalisation and ReLU."""
    height, width, filters = layer["height"], layer["width"], layer["filters"]
    convolution = nn.Conv2d(
        channels,
        filters,
        (height, width),
        layer["stride"],
        (height // 2, width // 2),
        bias=False,
    )
    return nn.Sequential(convolution, BatchNorm(filters), nn.ReLU())


def _joined(maps: list[Tensor]) -> Tensor:
    """Concatenate in depth, smaller maps padded with zeros to the largest."""
    height, width = max(m.shape[2] for m in maps), max(m.shape[3] for m in maps)
    return torch.cat([_padded(m, height, width) for m in maps], dim=1)


def _padded(inputs: Tensor, height: int, width: int) -> Tensor:
    rows, columns = height - inputs.shape[2], width - inputs.shape[3]
    if not rows and not columns:
        return inputs
    sides = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    return functional.pad(inputs, sides)
