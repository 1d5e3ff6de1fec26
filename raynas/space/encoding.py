"""Architectures as vectors of fixed length, for predictors."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from raynas.space.architecture import Architecture
from raynas.space.decision import Decision, Pick, Space
from raynas.space.infeasible import Infeasible
from raynas.space.walks import _replaying, walk


class Encoder:
    """Encodes the architectures of one space: one block of columns a decision, zeros if not asked.

    A decision is one-hot over its options; an ordered one is two columns, "asked" and its position
    scaled to 0..1. `names` says what each column is ("layers/0/type=conv").
    """

    def __init__(self, space: Space) -> None:
        """Find every decision of the space by taking every option of every decision once."""
        self._blocks: dict[str, tuple[int, Decision]] = {}
        self.names: list[str] = []
        for decision in discover(space):
            self._blocks[decision.path] = (len(self.names), decision)
            if decision.ordered:
                self.names += [decision.path, f"{decision.path}:position"]
            else:
                self.names += [f"{decision.path}={option}" for option in decision.options]

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.names)

    def __call__(self, architecture: Architecture) -> npt.NDArray[np.float32]:
        """Encode one architecture, shape (columns,).

        Raises:
            ValueError: it answers a decision, or takes an option, that the space does not have.
        """
        row = np.zeros(len(self.names), dtype=np.float32)
        for path, index in architecture.picks.items():
            if path not in self._blocks:
                raise ValueError(
                    f"the space has no decision {path!r}; was it picked in another one?"
                )
            start, decision = self._blocks[path]
            if not 0 <= index < len(decision.options):
                raise ValueError(
                    f"at {path!r}: pick must be 0..{len(decision.options) - 1}, got {index}"
                )
            if decision.ordered:
                row[start] = 1.0
                row[start + 1] = index / max(1, len(decision.options) - 1)
            else:
                row[start + index] = 1.0
        return row

    def encode(self, architectures: Iterable[Architecture]) -> npt.NDArray[np.float32]:
        """Encode several, shape (architectures, columns)."""
        rows = [self(architecture) for architecture in architectures]
        return np.stack(rows) if rows else np.zeros((0, len(self.names)), dtype=np.float32)


def discover(space: Space) -> list[Decision]:
    """List every decision that can be reached, sorted by path.

    Each option of each decision is taken once, in a walk that reaches it. In a space of nodes this
    finds all of them; a function that asks something only for a combination of answers may hide it.
    Where a path has several sets of options, the longest counts.
    """
    seen: dict[str, Decision] = {}
    to_try: list[dict[str, int]] = [{}]
    while to_try:
        picks = to_try.pop()
        answered, decisions = _reached(space, _replaying(picks, lambda decision: 0))
        for decision in decisions:
            known = seen.get(decision.path)
            done = len(known.options) if known else 1
            if known is None or len(decision.options) > done:
                seen[decision.path] = decision
                to_try += [
                    {**answered, decision.path: index}
                    for index in range(done, len(decision.options))
                ]
    return [seen[path] for path in sorted(seen)]


def _reached(space: Space, pick: Pick) -> tuple[dict[str, int], list[Decision]]:
    """Return the picks and decisions of a walk, up to where it is not legal any more."""
    try:
        architecture, decisions = walk(space, pick)
    except Infeasible as error:
        return error.picks, error.decisions
    return architecture.picks, decisions
