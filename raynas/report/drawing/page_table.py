"""Small tables of the page: numbers stand one below the other, long texts have room."""

import re

from markupsafe import Markup

MARK = "◆"
"""Before a number: it lies on a front."""
LONG = 40
"""Characters from which on a cell is a text, and not to be squeezed to a word a line."""
_NUMBER = re.compile(
    rf"(?:{MARK}\s)?[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:\s?[%TGM])?(?:\s(?:±|to)\s[\d.,]+)?"
)


def table(head: list[str], rows: list[list[object]]) -> Markup:
    """Write a small table; what comes is escaped, except Markup."""
    texts = [[Markup("{}").format(cell) for cell in row] for row in rows]
    kinds = [_kind([cell.striptags() for cell in column]) for column in zip(*texts, strict=True)]
    kinds = kinds or [Markup("")] * len(head)
    cells = Markup("").join(map(Markup("<th{}>{}</th>").format, kinds, head))
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(map(Markup("<td{}>{}</td>").format, kinds, row))
        )
        for row in texts
    )
    return Markup(
        '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(cells, body)


def trial_link(number: int) -> Markup:
    """Write a trial's number so that a click shows the trial in the table."""
    return Markup('<a href="#trials" data-trial="{0}">{0}</a>').format(number)


def _kind(column: list[str]) -> Markup:
    """Return the class of a column's cells: numbers where most are, words where some are long."""
    cells = [cell for cell in column if cell]
    if 2 * sum(_NUMBER.fullmatch(cell) is not None for cell in cells) > len(cells):
        return Markup(' class="number"')
    if any(len(cell) > LONG for cell in cells):
        return Markup(' class="words"')
    return Markup("")
