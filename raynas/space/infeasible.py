"""What a space finds not legal: it is drawn again, counted, and never proposed."""

from collections.abc import Callable
from typing import TypeVar

from raynas.space.decision import JSON, Decision, Pick, Space

T = TypeVar("T")


class Infeasible(ValueError):  # noqa: N818 (it ends a walk, and is no error)
    """Raised by a space that finds its picks not legal, with the reason.

    Such picks are drawn again and counted; no strategy proposes them, and nothing of them is built.
    A walk that ends so says how far it came: `decisions` and, by their paths, `picks`.
    """

    def __init__(self, reason: str = "not legal") -> None:
        """Take the reason, in words for a person."""
        super().__init__(reason)
        self.decisions: list[Decision] = []
        self.picks: dict[str, int] = {}


DRAWS = 10_000
"""Draws in a row after which a space counts as one that has nothing legal."""


def until_legal(draw: Callable[[], T], draws: int = DRAWS) -> T:
    """Draw until what comes is legal.

    Raises:
        Infeasible: so many draws in a row were not.
    """
    for place in range(draws):
        try:
            return draw()
        except Infeasible as error:
            if place == draws - 1:
                raise Infeasible(
                    f"{draws:,} draws in a row were not legal, the last because: {error}"
                ) from error
    raise ValueError(f"draws must be at least 1, got {draws}")


class CountedSpace:
    """A space that counts in `refused` the walks that it ends as not legal."""

    def __init__(self, space: Space) -> None:
        """Begin to count."""
        self.plain = space
        self.refused = 0

    def __call__(self, pick: Pick) -> JSON:
        """Walk the space."""
        try:
            return self.plain(pick)
        except Infeasible:
            self.refused += 1
            raise
