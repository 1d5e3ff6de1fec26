"""What is redrawn in place: it must know how many lines of the terminal it has taken."""

from collections.abc import Callable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment

PER_SECOND = 4


class Fitted:
    """Parts one below the other, as wide as the terminal at most, and of so many lines at most.

    rich's `Live` goes up by the lines that it has written. A line that the terminal breaks, or one
    that has left it at the top, would stay behind. Here lines are broken before they are written,
    also on a console that leaves that to the terminal, and what does not fit is "…".
    """

    def __init__(self, *parts: RenderableType, most: int | None = None) -> None:
        """Fit the parts to `most` lines, or to the height of the terminal."""
        self._parts = parts
        self._most = most

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Return the lines."""
        inside = options.update(no_wrap=False, overflow="fold")
        lines = console.render_lines(Group(*self._parts), inside, pad=False)
        most = self._most or max(1, options.size.height - 1)  # the cursor needs a line, too
        if len(lines) > most:
            lines = [*lines[: most - 1], [Segment("…")]]
        for line in lines:
            yield from line
            yield Segment.line()


def redrawn(console: Console, draw: Callable[[], RenderableType], *, others_print: bool) -> Live:
    """Return what draws a picture again and again while it is entered, and removes it at its end.

    With `others_print`, what is written to `sys.stdout` and `sys.stderr` meanwhile stands above.
    """
    return Live(
        get_renderable=lambda: Fitted(draw()),
        console=console,
        refresh_per_second=PER_SECOND,
        transient=True,
        redirect_stdout=others_print,
        redirect_stderr=others_print,
    )
