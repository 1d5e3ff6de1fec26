"""What makes an architecture a duplicate of another."""

from typing import Literal, get_args

from raynas.space import Architecture, canonical_id

Deduplicate = Literal["exact", "canonical"]
"""Which architectures are duplicates: equal ones, or also cells that compute the same function."""


class Identity:
    """Gives architectures that are duplicates the same text, computed once for each."""

    def __init__(self, deduplicate: Deduplicate) -> None:
        """Take the kind of duplicates.

        Raises:
            ValueError: there is no such kind.
        """
        if deduplicate not in get_args(Deduplicate):
            raise ValueError(
                f"deduplicate: expected one of {', '.join(get_args(Deduplicate))}, "
                f"got {deduplicate!r}"
            )
        self._canonical = deduplicate == "canonical"
        self._computed: dict[str, str] = {}

    def __call__(self, architecture: Architecture) -> str:
        """Return the architecture's id, or the one of all that compute the same."""
        if not self._canonical:
            return architecture.id
        if architecture.id not in self._computed:
            self._computed[architecture.id] = canonical_id(architecture.value)
        return self._computed[architecture.id]
