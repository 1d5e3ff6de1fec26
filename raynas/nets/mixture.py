"""Several operations on one edge of a cell at once: the mixed operation of DARTS.

The work on an edge is arranged so that a step is fast, with the same result: what several edges
want of a place (its ReLU, its pools) is computed once; an operation's weight in the mixture is
the factor of its last normalisation; "none" costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from raynas.nets.cell_ops import build_cell_op
from raynas.nets.norm import BatchNorm
from raynas.space.cells import NONE


@dataclass(frozen=True)
class Mix:
    """What a mixture computes in one pass: the options `active`, each times its weight.

    Without weights the active options count as they are. `rest` is a number (0, with a gradient)
    that is added to the result: the weights of options that are not computed.
    """

    active: tuple[int, ...]
    weights: Tensor | None = None
    rest: Tensor | None = None


class Mixture(nn.Module):
    """A place in a net that computes some of several options, as the `Supernet` around it says."""

    def __init__(self, mixture: Mapping[str, Any]) -> None:
        """Take a mixture of a relaxed value (see `raynas.space.relaxation`)."""
        super().__init__()
        self.path: str = mixture["path"]
        self.options: list[Any] = mixture["options"]
        self.mix: Mix | None = None

    def now(self) -> Mix:
        """Return what to compute.

        Raises:
            RuntimeError: the net runs without its `Supernet`.
        """
        if self.mix is None:
            raise RuntimeError(f"the mixture {self.path} runs inside a Supernet only")
        return self.mix


class Place:
    """A map in a cell while mixtures read it, and what they share of it.

    `map` has the shape (batch, channels, height, width); it is None, or a number that is added to
    the cell's output if the place is one, where nothing feeds the place.
    """

    def __init__(self, value: Tensor | None) -> None:
        """Take the map."""
        self.value = value
        self.map = value if value is not None and value.ndim else None
        self._made: dict[str, Tensor] = {}

    def once(self, name: str, make: Callable[[Tensor], Tensor]) -> Tensor:
        """Return `make(map)`, computed when it is first wanted."""
        if name not in self._made:
            if self.map is None:
                raise ValueError("nothing feeds this place")
            self._made[name] = make(self.map)
        return self._made[name]


class Term(nn.Module):
    """One operation of a mixture, times its weight.

    While it has a weight, a pool is normalised (Liu 2019, in the search only), so that its values
    are comparable with those of convolutions. Without one it is the plain operation.
    """

    def __init__(self, name: str, channels: int, stride: int) -> None:
        """Build the operation, without factors of its own in its normalisations."""
        super().__init__()
        self.name = name
        self.op = build_cell_op(name, channels, stride, affine=False)
        layers = _layers(self.op)
        self.learns = next(self.op.parameters(), None) is not None
        passes = isinstance(self.op, nn.Identity)
        self.norm = None if self.learns or passes else BatchNorm(channels, affine=False)
        self.by_relu = isinstance(layers[0], nn.ReLU)
        self.by_norm = isinstance(layers[-1], BatchNorm)

    def forward(self, place: Place, weight: Tensor | None) -> Tensor:
        """Run over a fed place; `weight` is a number."""
        if self.norm is not None:
            pooled = place.once(self.name, self.op)
            return pooled if weight is None else self.norm.scaled(pooled, weight)
        layers = _layers(self.op)
        if self.by_relu:
            result = place.once("relu", layers[0])
            layers = layers[1:]
        else:
            result = place.once("map", nn.Identity())
        for layer in layers[:-1]:
            result = layer(result)
        last = layers[-1]
        if weight is not None and isinstance(last, BatchNorm):
            return last.scaled(result, weight)
        done: Tensor = last(result)
        return done if weight is None else done * weight


class MixedOp(Mixture):
    """The mixture of operations on an edge."""

    def __init__(self, mixture: Mapping[str, Any], channels: int, stride: int) -> None:
        """Build every operation but "none".

        Raises:
            ValueError: there is no such operation.
        """
        super().__init__(mixture)
        self.terms = nn.ModuleDict(
            {name: Term(name, channels, stride) for name in self.options if name != NONE}
        )

    def forward(self, place: Place) -> Tensor | None:
        """Sum the active operations over a place; None where there is nothing to sum."""
        mix = self.now()
        total = mix.rest
        for index in mix.active:
            name = self.options[index]
            if name != NONE and place.map is not None:
                term = self.terms[name](place, None if mix.weights is None else mix.weights[index])
                total = term if total is None else total + term
        return total


def _layers(module: nn.Module) -> list[nn.Module]:
    """List the layers of sequences within sequences."""
    if not isinstance(module, nn.Sequential):
        return [module]
    return [layer for part in module for layer in _layers(part)]
