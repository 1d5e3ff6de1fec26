"""The one question a space asks, and what answers it.

A *space* is any callable that takes a picker and returns a plain JSON value. Wherever something is
open it asks `pick(Decision(path, options))` and gets the index of the option to take:

    def space(pick):
        depth = choose(pick, "depth", [2, 4, 8], ordered=True)
        return {"units": [choose(pick, f"units/{i}", [16, 32, 64]) for i in range(depth)]}

Sampling, replaying, mutating, enumerating and every strategy are pickers over this one walk.
Where what was picked cannot be together, the space raises `Infeasible`, and is walked again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

JSON = Any
"""A JSON value: None, bool, int, float, str, list or dict of them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One open place in a space, with its finite options.

    `path` names the place ("nodes/2/op") and is unique within one walk. `ordered` says that
    neighbouring options are alike (sizes, learning rates); `pointer` says that each option refers
    to earlier places: it is the index of one (a cell's input) or a list of indices (two inputs at
    once; a skip connection that is there, [2], or not, []). `growing` says that a later option
    adds blocks to the architecture and leaves the others as they are (how many layers, how many
    nodes), so that a search may start small.
    """

    path: str
    options: tuple[JSON, ...]
    ordered: bool = False
    pointer: bool = False
    growing: bool = False

    def __post_init__(self) -> None:
        """Refuse a decision that leaves nothing to pick.

        Raises:
            ValueError: there are no options.
        """
        if not self.options:
            raise ValueError(f"decision {self.path!r} has no options; it needs at least one")


Pick = Callable[[Decision], int]
"""Answers a decision with the index of an option."""

Space = Callable[[Pick], JSON]
"""Anything that can be walked with a picker: a node, or a plain function."""


def choose(
    pick: Pick,
    path: str,
    options: Sequence[JSON],
    *,
    ordered: bool = False,
    pointer: bool = False,
    growing: bool = False,
) -> JSON:
    """Ask for one of `options` and return it (for spaces written as functions)."""
    decision = Decision(path, tuple(options), ordered, pointer, growing)
    return decision.options[pick(decision)]
