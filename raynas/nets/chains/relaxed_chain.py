"""A chain of which everything is open: the supernet of `raynas.nets.chains.chain`.

Between two layers stands not one map but one for every size that strides can have led to, each
multiplied with the weight of having that size; this weight is kept beside it. Fewer filters are
the first ones, the others are zero. The kernels of a convolution are summed by their weights before
they are applied, so that all cost one convolution; a stride takes every so-manieth value of what
stride 1 would give. A chain may end after several numbers of layers: the classifier gets the sum of
the maps that the chain could end with, by their weights. With one option each this is the chain
that the options make.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from torch import Tensor, nn
from torch.nn import functional

from raynas.nets.chains.chain_ops import build_activation
from raynas.nets.chains.relaxed_dense import RelaxedClassifier, masked
from raynas.nets.layers import BatchNorm, Shape
from raynas.nets.supernet.mixture import Weight, open_field
from raynas.space.relaxation import is_mixture

Size = tuple[int, int]
States = dict[Size, tuple[Weight, Tensor]]
"""Maps by their height and width, each with its weight, which it has been multiplied with."""


class RelaxedConv(nn.Module):
    """Convolution, batch normalisation and activation with all their options."""

    def __init__(self, node: Mapping[str, Any], channels: int, sizes: set[Size]) -> None:
        """Read maps with `channels` channels of any of the sizes."""
        super().__init__()
        self.filters, self.kernel, self.stride, self.activation = (
            open_field(node[name]) for name in ("filters", "kernel", "stride", "activation")
        )
        self.most = max(self.filters.options)
        self.kernels = nn.ModuleDict(
            {
                str(k): nn.Conv2d(channels, self.most, k, padding=k // 2, bias=False)
                for k in self.kernel.options
            }
        )
        self.norms = nn.ModuleDict(
            {
                _name(size, stride): BatchNorm(self.most, affine=False)
                for size in sizes
                for stride in self.stride.options
            }
        )
        self.activations = nn.ModuleDict({a: build_activation(a) for a in self.activation.options})

    def forward(
        self, inputs: Tensor, size: Size, weight: Weight
    ) -> Iterator[tuple[Weight, Tensor]]:
        """Yield a weight and a map, multiplied with it, for each stride."""
        strides = self.stride.chances()
        by = strides[0][0] if len(strides) == 1 else 1
        kernel = self._kernel()
        maps = functional.conv2d(inputs, kernel, stride=by, padding=kernel.shape[-1] // 2)
        for stride, chance in strides:
            taken = maps[:, :, :: stride // by, :: stride // by]
            normal = self.norms[_name(size, stride)](taken)
            terms = [w * self.activations[name](normal) for name, w in self.activation.chances()]
            mixed = masked(sum(terms[1:], terms[0]), 1, self.filters.chances())
            yield weight * chance, weight * chance * mixed

    def _kernel(self) -> Tensor:
        """Sum the kernels, smaller ones amid zeros."""
        chances = self.kernel.chances()
        largest = max(k for k, _ in chances)
        terms = []
        for k, weight in chances:
            kernel = cast(nn.Conv2d, self.kernels[str(k)]).weight
            terms.append(weight * functional.pad(kernel, [(largest - k) // 2] * 4))
        return sum(terms[1:], terms[0])


class RelaxedMaxPool(nn.Module):
    """Max-pooling with all its options."""

    def __init__(self, node: Mapping[str, Any], channels: int, sizes: set[Size]) -> None:
        """Read maps with `channels` channels of any of the sizes."""
        super().__init__()
        self.kernel, self.stride = open_field(node["kernel"]), open_field(node["stride"])
        self.most = channels

    def forward(
        self, inputs: Tensor, size: Size, weight: Weight
    ) -> Iterator[tuple[Weight, Tensor]]:
        """Yield a weight and a map, multiplied with it, for each stride."""
        terms = [w * functional.max_pool2d(inputs, k, 1, k // 2) for k, w in self.kernel.chances()]
        pooled = sum(terms[1:], terms[0])
        for stride, chance in self.stride.chances():
            yield weight * chance, chance * pooled[:, :, ::stride, ::stride]


RELAXED: dict[str, type[RelaxedConv] | type[RelaxedMaxPool]] = {
    "conv": RelaxedConv,
    "max_pool": RelaxedMaxPool,
}
"""By the type of a layer."""


class RelaxedLayer(nn.Module):
    """One place of a chain: all types of layers that may stand there."""

    def __init__(self, node: Mapping[str, Any], channels: int, sizes: set[Size], path: str) -> None:
        """Read maps with `channels` channels of any of the sizes.

        Raises:
            ValueError: a type of layer has no relaxed form.
        """
        super().__init__()
        self.kind = open_field(node)
        layers = []
        for option in self.kind.options:
            if option["type"] not in RELAXED:
                raise ValueError(
                    f"{path}: {option['type']!r} cannot be relaxed; expected {', '.join(RELAXED)}"
                )
            layers.append(RELAXED[option["type"]](option, channels, sizes))
        self.layers = nn.ModuleList(layers)
        self.most = max(layer.most for layer in layers)
        self.sizes = {
            _halved(size, stride)
            for size in sizes
            for layer in layers
            for stride in layer.stride.options
        }

    def forward(self, states: States) -> States:
        """Run all layers over all maps and sum what has the same size."""
        states_after: States = {}
        for option, chance in self.kind.chances():
            layer = self.layers[self.kind.options.index(option)]
            for size, (weight, inputs) in states.items():
                for state, maps in layer(inputs, size, weight):
                    wide = functional.pad(maps, (0, 0, 0, 0, 0, self.most - maps.shape[1]))
                    _add(states_after, chance * state, chance * wide)
        return states_after


class RelaxedChain(nn.Module):
    """The net of `{"features": chain, "classifier": chain}`; a chain is its length and layers."""

    def __init__(
        self, value: Mapping[str, Any], input_shape: Shape, num_outputs: int, head_size: int
    ) -> None:
        """Build it for images; maps are averaged down to at most `head_size` before they are flat.

        Raises:
            ValueError: a type of layer has no relaxed form.
        """
        super().__init__()
        self.head_size = head_size
        channels, height, width = input_shape
        chain = value["features"]
        self.length = open_field(chain["length"])
        sizes, ends, layers = {(height, width)}, set(), []
        for i, node in enumerate(chain["layers"]):
            if i in self.length.options:
                ends |= sizes
            layers.append(RelaxedLayer(node, channels, sizes, f"features/{i}"))
            channels, sizes = layers[-1].most, layers[-1].sizes
        self.layers = nn.ModuleList(layers)
        self.channels = channels
        features = {}
        for size in sorted(ends | sizes):
            rows, columns = self._pool(size)
            features[_name(size)] = channels * (size[0] // rows) * (size[1] // columns)
        self.classifier = RelaxedClassifier(value["classifier"], features, num_outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Return one value an output for `images` of shape (batch, channels, height, width)."""
        lengths = dict(self.length.chances())
        states: States = {(images.shape[2], images.shape[3]): (1.0, images)}
        ends: States = {}
        for i in range(max(lengths) + 1):
            if i:
                states = self.layers[i - 1](states)
            if i in lengths:
                for weight, maps in states.values():
                    wide = functional.pad(maps, (0, 0, 0, 0, 0, self.channels - maps.shape[1]))
                    _add(ends, lengths[i] * weight, lengths[i] * wide)
        sources = {
            _name(size): (weight, functional.avg_pool2d(maps, self._pool(size)).flatten(1))
            for size, (weight, maps) in ends.items()
        }
        outputs: Tensor = self.classifier(sources)
        return outputs

    def _pool(self, size: Size) -> Size:
        return -(-size[0] // self.head_size), -(-size[1] // self.head_size)


def is_relaxed_chain(value: Any) -> bool:
    """Whether a list of layers is given in its relaxed form."""
    return isinstance(value, Mapping) and is_mixture(value.get("length"))


def _add(states: States, weight: Weight, maps: Tensor) -> None:
    """Add a map and its weight to those of the same size."""
    size = (maps.shape[2], maps.shape[3])
    if size in states:
        before, there = states[size]
        weight, maps = before + weight, there + maps
    states[size] = (weight, maps)


def _halved(size: Size, stride: int) -> Size:
    return -(-size[0] // stride), -(-size[1] // stride)


def _name(size: Size, stride: int | None = None) -> str:
    by = "" if stride is None else f" by {stride}"
    return f"{size[0]}x{size[1]}{by}"
