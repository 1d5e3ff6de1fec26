"""Dense layers of which everything is open: how many there are, their units and activations."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from raynas.nets.chains.chain_ops import build_activation
from raynas.nets.supernet.mixture import Weight, open_field


class RelaxedDense(nn.Module):
    """A fully connected layer; with fewer units the last ones are zero."""

    def __init__(self, node: Mapping[str, Any], features: Mapping[str, int]) -> None:
        """Read features from one or more sources, each of a size of its own."""
        super().__init__()
        self.units, self.activation = open_field(node["units"]), open_field(node["activation"])
        self.most = max(self.units.options)
        self.linears = nn.ModuleDict(
            {name: nn.Linear(size, self.most) for name, size in features.items()}
        )
        self.activations = nn.ModuleDict({a: build_activation(a) for a in self.activation.options})

    def forward(self, sources: Mapping[str, tuple[Weight, Tensor]]) -> Tensor:
        """Sum over the sources, each a weight and features that have been multiplied with it."""
        return self.mixed(linear_of(self.linears, sources))

    def mixed(self, outputs: Tensor) -> Tensor:
        """Apply the activations and leave out units, by their weights."""
        terms = [w * self.activations[name](outputs) for name, w in self.activation.chances()]
        return masked(sum(terms[1:], terms[0]), 1, self.units.chances())


class RelaxedClassifier(nn.Module):
    """Dense layers, then a linear layer with one output a class; the last is mixed over lengths."""

    def __init__(
        self, chain: Mapping[str, Any], features: Mapping[str, int], num_outputs: int
    ) -> None:
        """Take `{"length": …, "layers": [dense, …]}`, all fields one value or a mixture."""
        super().__init__()
        self.length = open_field(chain["length"])
        self.layers = nn.ModuleList()
        self.direct = nn.ModuleDict()
        if 0 in self.length.options:
            self.direct.update({n: nn.Linear(size, num_outputs) for n, size in features.items()})
        for node in chain["layers"]:
            layer = RelaxedDense(node, features)
            self.layers.append(layer)
            features = {"layer": layer.most}
        if len(self.layers):
            self.head = nn.Linear(features["layer"], num_outputs)

    def forward(self, sources: Tensor | Mapping[str, tuple[Weight, Tensor]]) -> Tensor:
        """Return one value an output, shape (batch, outputs).

        The sources are as in `RelaxedDense`; features alone are the only one, "inputs".
        """
        if isinstance(sources, Tensor):
            sources = {"inputs": (1.0, sources)}
        lengths = dict(self.length.chances())
        terms = []
        if 0 in lengths:
            terms.append(lengths[0] * linear_of(self.direct, sources))
        for length, layer in enumerate(self.layers[: max(lengths)], start=1):
            hidden = layer(sources)
            sources = {"layer": (1.0, hidden)}
            if length in lengths:
                terms.append(lengths[length] * self.head(hidden))
        outputs: Tensor = sum(terms[1:], terms[0])
        return outputs


def linear_of(linears: nn.ModuleDict, sources: Mapping[str, tuple[Weight, Tensor]]) -> Tensor:
    """Sum linear layers over sources, each a weight and features multiplied with it."""
    terms = []
    for name, (weight, features) in sources.items():
        linear = cast(nn.Linear, linears[name])
        terms.append(functional.linear(features, linear.weight) + weight * linear.bias)
    return sum(terms[1:], terms[0])


def masked(inputs: Tensor, dimension: int, counts: Iterable[tuple[int, Weight]]) -> Tensor:
    """Multiply with the mixture of masks, each of which keeps the first so many channels."""
    channels = torch.arange(inputs.shape[dimension], device=inputs.device)
    shape = [1] * inputs.ndim
    shape[dimension] = -1
    terms = [weight * (channels < count).to(inputs.dtype) for count, weight in counts]
    return inputs * sum(terms[1:], terms[0]).reshape(shape)
