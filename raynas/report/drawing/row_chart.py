"""Named rows over one axis, as SVG: bars, intervals, medians, strips of dots."""

from collections.abc import Sequence
from itertools import cycle

from markupsafe import Markup

from raynas.report.drawing.scale import Scale, even_ticks, tick_texts
from raynas.report.drawing.svg import path, picture, text

WIDTH, ROW, NAMES = 480, 24, 186
LONGEST = 27
"""Characters of a row's name."""
HEIGHTS = (0, -4, 3, -2, 5, -5, 2, -3, 4)
"""How far the dots of a strip lie from its middle, one after the other, so that they show."""


class RowChart:
    """Rows, each with a name and a remark at its end; then draw into them, the lowest first."""

    def __init__(self, rows: list[tuple[str, str]], spread: tuple[float, float], axis: str) -> None:
        """Draw names and axis; `spread` are the limits of the values, `axis` says what they are."""
        self._axis = axis
        self._bottom = len(rows) * ROW + 6
        remarks = any(remark for _, remark in rows)
        self._scale = Scale(*spread, NAMES, WIDTH - (44 if remarks else 14))
        ticks = even_ticks(*spread, about=4)
        if len(ticks) < 3:
            ticks = even_ticks(*spread, about=8)
        self._parts: list[Markup] = []
        for tick, words in zip(ticks, tick_texts(ticks), strict=True):
            self._parts.append(path("grid", f"M{self._scale(tick):.1f} 2V{self._bottom}"))
            self._parts.append(text(words, self._scale(tick), self._bottom + 15, "tick middle"))
        for place, (name, remark) in enumerate(rows):
            self._parts.append(text(_end(name), NAMES - 8, self._y(place) + 4, "tick end"))
            self._parts.append(text(remark, WIDTH - 6, self._y(place) + 4, "tick end"))

    def bar(self, place: int, value: float) -> None:
        """Draw a bar from 0."""
        zero, y = self._scale(0), self._y(place)
        self._parts.append(
            path("bar", f"M{zero:.1f} {y - 7}H{self._scale(value):.1f}v14H{zero:.1f}Z")
        )

    def span(self, place: int, low: float, high: float) -> None:
        """Draw an interval."""
        d = f"M{self._scale(low):.1f} {self._y(place)}H{self._scale(high):.1f}"
        self._parts.append(path("line spread", d))

    def mark(self, place: int, value: float) -> None:
        """Draw a stroke across the row."""
        self._parts.append(
            path("line median", f"M{self._scale(value):.1f} {self._y(place) - 8}v16")
        )

    def strip(self, place: int, values: Sequence[float], numbers: Sequence[int]) -> None:
        """Draw a dot a value, with the `numbers` of their trials."""
        y = self._y(place)
        d = "".join(
            f"M{self._scale(value):.1f} {y + height}h0"
            for value, height in zip(values, cycle(HEIGHTS), strict=False)
        )
        self._parts.append(path("dots faint", d, ",".join(map(str, numbers))))

    def html(self) -> Markup:
        """Return the picture."""
        middle = (NAMES + WIDTH) / 2
        name = text(self._axis, middle, self._bottom + 34, "name middle")
        box = (0, 0, WIDTH, self._bottom + 40)
        return picture("chart rows", box, self._axis, [*self._parts, name])

    def _y(self, place: int) -> int:
        return place * ROW + ROW // 2 + 4


def _end(name: str) -> str:
    """Shorten a path or an option, at its beginning: the end says most."""
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]
