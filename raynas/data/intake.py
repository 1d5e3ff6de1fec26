"""What is said of a data set before anything is trained: nothing is silent at the door."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHOWN = 20
"""Names that a line lists before it says how many more there are."""


@dataclass
class Intake:
    """What is learned from, left out, changed on reading and suspicious, in words for a person.

    `learned` and `left_out` name columns, with their types where they matter; `changed` and
    `warnings` are sentences. `idle` has the options that change nothing for this data set, each
    with the reason.
    """

    learned: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    idle: dict[str, str] = field(default_factory=dict)
    rows_are: str = ""
    """How rows are counted in messages, where that is not plain."""

    def words(self) -> str:
        """Say in one line what is learned from, left out and changed; "" where nothing is."""
        parts = [
            f"learning from {listed(self.learned)}" if self.learned else "",
            f"left out: {listed(self.left_out)}" if self.left_out else "",
            *self.changed,
        ]
        return "; ".join(filter(None, parts))


def listed(names: Sequence[str], shown: int = SHOWN) -> str:
    """Join names, the first ones of many: "a, b and 3 more"."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def printable(text: str) -> str:
    r"""Return a text with control characters as escapes (NUL is \x00), so that it is one line."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
