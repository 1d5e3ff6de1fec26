"""A place in a net that has several options at once, and what it is told to compute of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

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

    on_edge: ClassVar[bool] = False
    """Whether it stands on an edge of a cell, which may also carry nothing."""

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
