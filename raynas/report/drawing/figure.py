"""What the page is made of."""

from dataclasses import dataclass, field

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


def table(head: list[str], rows: list[list[object]]) -> Markup:
    """Write a small table; what comes is escaped, except Markup."""
    cells = Markup("").join(Markup("<th>{}</th>").format(name) for name in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row)
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(cells, body)


def trial_link(number: int) -> Markup:
    """Write a trial's number so that a click shows the trial in the table."""
    return Markup('<a href="#trials" data-trial="{0}">{0}</a>').format(number)
