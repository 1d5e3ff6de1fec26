"""What the page is made of."""

from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup


@dataclass(frozen=True)
class Figure:
    """A picture or a table with its title and what there is to say about it."""

    title: str
    body: Markup
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading of its own; one without figures says why in `intro`."""

    id: str
    title: str
    intro: str = ""
    figures: list[Figure] = field(default_factory=list)

    @property
    def placed(self) -> list[tuple[Figure, str]]:
        """The figures, each with how much of a row it takes, so that every row is full.

        "wide" is a row of its own, "alone" one that a single picture shares with its caption;
        others stand by twos, the first ones of an odd number by threes. Where the page is narrower
        these, too, stand by twos, and the "last" of three is alone.
        """
        shares: list[str] = []
        for wide, neighbours in groupby(self.figures, key=lambda figure: figure.wide):
            count = len(list(neighbours))
            if wide:
                shares += ["wide"] * count
            elif count == 1:
                shares.append("alone")
            else:
                threes = ["third", "third", "third last"] if count % 2 else []
                shares += [*threes, *["half"] * (count - len(threes))]
        return list(zip(self.figures, shares, strict=True))
