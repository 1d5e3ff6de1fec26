"""Several operations on one edge of a cell at once: the mixed operation of DARTS.

The work is arranged so that a step is fast, with the same result: what several edges want of a
place (its ReLU, its pools, its phases) is computed once; an operation's weight is the factor of its
last normalisation; dilated convolutions run on phases, which are put together once an edge; "none"
costs nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from raynas.nets.cells.cell_ops import build_cell_op
from raynas.nets.cells.phases import from_phases, has_phases, to_phases, undilated
from raynas.nets.layers import BatchNorm
from raynas.nets.supernet.mixture import Mixture
from raynas.space.cells import NONE


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
        self.name, self.stride = name, stride
        self.op = build_cell_op(name, channels, stride, affine=False)
        pools = next(self.op.parameters(), None) is None and not isinstance(self.op, nn.Identity)
        self.norm = BatchNorm(channels, affine=False) if pools else None

    def forward(self, place: Place, weight: Tensor | None, plain: bool) -> tuple[Tensor, bool]:
        """Run over a fed place; `weight` is a number, None is one; also tells whether in phases."""
        if self.norm is not None:
            pooled = place.once(self.name, self.op)
            if not plain and weight is not None:
                return self.norm.scaled(pooled, weight), False
            return pooled if weight is None else pooled * weight, False
        layers, name = _layers(self.op), ""
        result = cast(Tensor, place.map)
        if isinstance(layers[0], nn.ReLU):
            name = "relu"
            result = place.once(name, layers.pop(0))
        phased = has_phases(layers[0], result)
        if phased:
            whole = result
            parts = place.once(f"{name} phases", lambda _: to_phases(whole))
            if self.stride == 2:
                parts, phased = parts[: len(result)], False
            result = undilated(cast(nn.Conv2d, layers.pop(0)), parts)
        for layer in layers[:-1]:
            result = layer(result)
        last = layers[-1]
        if weight is not None and isinstance(last, BatchNorm):
            return last.scaled(result, weight), phased
        done: Tensor = last(result)
        return done if weight is None else done * weight, phased


class MixedOp(Mixture):
    """The mixture of operations on an edge.

    With `channels_part` K it works on the first channels of K equal parts; the others pass (at
    stride 2 through a max-pooling), and the channels are shuffled so that the next edge works on
    others (PC-DARTS, Xu 2020).
    """

    on_edge: ClassVar[bool] = True

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
        terms: list[Tensor] = []
        phases: list[Tensor] = []
        for index in mix.active:
            name = self.options[index]
            if name != NONE and place.map is not None:
                weight = None if mix.weights is None else mix.weights[index]
                term, phased = self.terms[name](place, weight, mix.plain)
                (phases if phased else terms).append(term)
        if phases:
            terms.append(from_phases(total(phases)))
        if mix.rest is not None:
            terms.append(mix.rest)
        return total(terms) if terms else None

    def _passed(self, inputs: Tensor) -> Tensor:
        """Return the channels that the operations leave out, (batch, height, width, part, own)."""
        passed: Tensor = self.halve(inputs[:, self.width :])
        last = passed.permute(0, 2, 3, 1)
        return last.reshape(*last.shape[:3], self.part - 1, self.width)


def _shuffled(mixed: Tensor | None, passed: Tensor) -> Tensor:
    """Join the mixed channels and those that passed, channel i of each part beside one another."""
    like = passed[..., :1, :]
    if mixed is None or not mixed.ndim:
        passed_on = like * 0 if mixed is None else like * 0 + mixed
    else:
        passed_on = mixed.permute(0, 2, 3, 1).unsqueeze(-2)
    return torch.cat([passed_on, passed], dim=-2).transpose(-1, -2).flatten(-2).permute(0, 3, 1, 2)


def _layers(module: nn.Module) -> list[nn.Module]:
    """List the layers of sequences within sequences."""
    if not isinstance(module, nn.Sequential):
        return [module]
    return [layer for part in module for layer in _layers(part)]


def total(terms: list[Tensor]) -> Tensor:
    """Add up maps and numbers, in place after the first two: no gradient needs the sum itself."""
    if len(terms) == 1:
        return terms[0]
    first, second, *others = sorted(terms, key=lambda term: -term.ndim)
    result = first + second
    for term in others:
        result += term
    return result


def dense(gradient: Tensor) -> Tensor:
    """Lay out a gradient as its map is, once for all operations that take it."""
    return (
        gradient.contiguous(memory_format=torch.channels_last) if gradient.ndim == 4 else gradient
    )
