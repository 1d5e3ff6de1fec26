"""Several operations on one edge of a cell at once: the mixed operation of DARTS.

The work on an edge is arranged so that a step is fast, with the same result: what several edges
want of a place (its ReLU, its pools) is computed once; an operation's weight in the mixture is
the factor of its last normalisation; "none" costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from raynas.nets.cell_ops import build_cell_op
from raynas.nets.norm import BatchNorm
from raynas.space.cells import NONE
from raynas.space.relaxation import is_mixture

Weight = Tensor | float
"""The weight of an option, a number."""


@dataclass(frozen=True)
class Mix:
    """What a mixture computes in one pass: the options `active`, each times its weight, a number.

    Without weights the active options count as they are. `plain`: pools are not normalised.
    `rest` is a number (0, with a gradient) that is added to the result: the weights of options
    that are not computed. `edge` is a factor of all that the edge carries, already part of the
    weights (PC-DARTS).
    """

    active: tuple[int, ...]
    weights: Mapping[int, Tensor] | None = None
    plain: bool = True
    rest: Tensor | None = None
    edge: Tensor | None = None


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

    def chances(self) -> list[tuple[Any, Weight]]:
        """Return the options that are active, each with its weight."""
        mix = self.now()
        return [
            (self.options[i], 1.0 if mix.weights is None else mix.weights[i]) for i in mix.active
        ]


class Fixed(nn.Module):
    """What stands in place of a mixture where nothing is open."""

    def __init__(self, option: Any) -> None:
        """Take the only option."""
        super().__init__()
        self.options = [option]

    def chances(self) -> list[tuple[Any, Weight]]:
        """Return the option, with the weight 1."""
        return [(self.options[0], 1.0)]


def open_field(field: Any) -> Mixture | Fixed:
    """Return what says which options a field of a relaxed value has, and their weights."""
    return Mixture(field) if is_mixture(field) else Fixed(field)


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
        self._first: Place | None = None

    def once(self, name: str, make: Callable[[Tensor], Tensor]) -> Tensor:
        """Return `make(map)`, computed when it is first wanted."""
        if name not in self._made:
            if self.map is None:
                raise ValueError("nothing feeds this place")
            self._made[name] = make(self.map)
        return self._made[name]

    def first(self, channels: int) -> "Place":
        """Return the place that holds the first channels of this one."""
        if self._first is None:
            self._first = Place(None if self.map is None else self.map[:, :channels])
        return self._first


class Term(nn.Module):
    """One operation of a mixture, times its weight.

    Unless it is to be plain, a pool is normalised, so that the values that are summed are alike
    (Liu 2019, in the search only).
    """

    def __init__(self, name: str, channels: int, stride: int) -> None:
        """Build the operation, without factors of its own in its normalisations."""
        super().__init__()
        self.name = name
        self.op = build_cell_op(name, channels, stride, affine=False)
        layers = _layers(self.op)
        pools = next(self.op.parameters(), None) is None and not isinstance(self.op, nn.Identity)
        self.norm = BatchNorm(channels, affine=False) if pools else None
        self.by_relu = isinstance(layers[0], nn.ReLU)

    def forward(self, place: Place, weight: Tensor | None, plain: bool) -> Tensor:
        """Run over a fed place; `weight` is a number, None is one."""
        if self.norm is not None:
            pooled = place.once(self.name, self.op)
            if not plain and weight is not None:
                return self.norm.scaled(pooled, weight)
            return pooled if weight is None else pooled * weight
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
    """The mixture of operations on an edge.

    With `channels_part` K it works on the first channels of K equal parts; the others pass (at
    stride 2 through a max-pooling), and the channels are shuffled so that the next edge works on
    others (PC-DARTS, Xu 2020).
    """

    def __init__(self, mixture: Mapping[str, Any], channels: int, stride: int) -> None:
        """Build every operation but "none".

        Raises:
            ValueError: there is no such operation, or the channels have no such part.
        """
        super().__init__(mixture)
        self.part: int = mixture.get("channels_part", 1)
        if channels % self.part:
            raise ValueError(f"channels_part: {self.part} does not divide {channels} channels")
        self.width = channels // self.part
        self.halve = nn.MaxPool2d(2, 2, ceil_mode=True) if stride == 2 else nn.Identity()
        self.terms = nn.ModuleDict(
            {name: Term(name, self.width, stride) for name in self.options if name != NONE}
        )

    def forward(self, place: Place) -> Tensor | None:
        """Sum the active operations over a place; None where there is nothing to sum."""
        if self.part == 1 or place.map is None:
            return self._mixed(place)
        mix = self.now()
        if not mix.active:
            return None
        mixed = self._mixed(place.first(self.width))
        passed = place.once("passed", self._passed)
        edge = mix.edge
        return _shuffled(mixed, passed if edge is None else passed * edge)

    def _mixed(self, place: Place) -> Tensor | None:
        mix = self.now()
        total = mix.rest
        for index in mix.active:
            name = self.options[index]
            if name != NONE and place.map is not None:
                weight = None if mix.weights is None else mix.weights[index]
                term = self.terms[name](place, weight, mix.plain)
                total = term if total is None else total + term
        return total

    def _passed(self, inputs: Tensor) -> Tensor:
        """Return the channels that the operations leave out, (batch, height, width, part, own)."""
        passed: Tensor = self.halve(inputs[:, self.width :])
        last = passed.permute(0, 2, 3, 1)
        return last.reshape(*last.shape[:3], self.part - 1, self.width)


def _shuffled(mixed: Tensor | None, passed: Tensor) -> Tensor:
    """Join the mixed channels and those that passed, channel i of each part beside one another."""
    like = passed[..., :1, :]
    if mixed is None or not mixed.ndim:
        own = like * 0 if mixed is None else like * 0 + mixed
    else:
        own = mixed.permute(0, 2, 3, 1).unsqueeze(-2)
    return torch.cat([own, passed], dim=-2).transpose(-1, -2).flatten(-2).permute(0, 3, 1, 2)


def _layers(module: nn.Module) -> list[nn.Module]:
    """List the layers of sequences within sequences."""
    if not isinstance(module, nn.Sequential):
        return [module]
    return [layer for part in module for layer in _layers(part)]
