"""A chart, drawn as SVG: light, sharp in print, and in the page's own colours.

Colours and strokes are classes of the page's style sheet, so a chart follows the reader's choice of
light or dark. What thousands of trials share is one element: a path of dots or of lines.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from raynas.report.drawing.scale import Scale, tick_texts
from raynas.report.drawing.svg import path, picture, text

WIDTH = 480
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 44
CAP = 3
"""Half the height of an interval's ends."""


class Chart:
    """Axes over given limits; then add bands, lines and dots, the lowest first."""

    def __init__(
        self,
        label: str,
        *,
        x: str,
        y: str,
        x_limits: tuple[float, float],
        y_limits: tuple[float, float],
        log_x: bool = False,
        whole_x: bool = False,
        height: int = 300,
    ) -> None:
        """Draw the axes; `x` and `y` say what is on them, `label` tells it to who cannot see it."""
        self.height = height
        self.x = Scale(*x_limits, LEFT, WIDTH - RIGHT, log_x, whole_x)
        self.y = Scale(*y_limits, height - BOTTOM, TOP)
        self._label = label
        self._parts: list[Markup] = [*self._axes(x, y)]
        self._legend: list[Markup] = []

    def _axes(self, x: str, y: str) -> Iterable[Markup]:
        bottom, right = self.height - BOTTOM, WIDTH - RIGHT
        ticks = self.y.ticks()
        for tick, words in zip(ticks, tick_texts(ticks), strict=True):
            at = self.y(tick)
            yield path("grid", f"M{LEFT} {at:.1f}H{right}")
            yield text(words, LEFT - 6, at + 4, "tick end")
        ticks = self.x.ticks()
        for tick, words in zip(ticks, tick_texts(ticks), strict=True):
            at = self.x(tick)
            yield path("grid", f"M{at:.1f} {bottom}v5")
            yield text(words, at, bottom + 17, "tick middle")
        yield path("axis", f"M{LEFT} {bottom}H{right}")
        yield text(x, (LEFT + right) / 2, self.height - 8, "name middle")
        middle = (TOP + bottom) / 2
        yield Markup(
            '<text class="name middle" transform="translate(12 {:.0f}) rotate(-90)">{}</text>'
        ).format(middle, y)

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        kind: str,
        name: str = "",
        step: bool = False,
    ) -> None:
        """Join points; as a staircase where a value holds until the next one comes."""
        if not len(xs):
            return
        places = [(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)]
        d = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
        for x, y in places[1:]:
            d += f"H{x:.1f}V{y:.1f}" if step else f"L{x:.1f} {y:.1f}"
        self._add(d, f"line {kind}", name)

    def segments(
        self, pairs: Iterable[tuple[float, float, float, float]], kind: str, name: str = ""
    ) -> None:
        """Draw many lines of their own, each from (x, y) to (x, y)."""
        d = "".join(
            f"M{self.x(a):.1f} {self.y(b):.1f}L{self.x(c):.1f} {self.y(d):.1f}"
            for a, b, c, d in pairs
        )
        if d:
            self._add(d, f"line {kind}", name)

    def intervals(self, spans: Iterable[tuple[float, float, float]], name: str) -> None:
        """Draw (low, high, y) as a line with a cap at each end; without one where it is cut off."""
        d = ""
        for low, high, y in spans:
            d += f"M{self.x(low):.1f} {self.y(y):.1f}H{self.x(high):.1f}"
            ends = (end for end in (low, high) if self.x.low <= end <= self.x.high)
            d += "".join(f"M{self.x(end):.1f} {self.y(y) - CAP:.1f}v{2 * CAP}" for end in ends)
        if d:
            self._add(d, "line interval", name)

    def band(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str, name: str
    ) -> None:
        """Fill between two lines."""
        upper = [f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(xs, high, strict=True)]
        lower = [f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(xs, low, strict=True)]
        if upper:
            self._add("M" + "L".join(upper + lower[::-1]) + "Z", f"band {kind}", name)

    def dots(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        kind: str,
        name: str = "",
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Draw dots; with the `numbers` of their trials the page says more about each."""
        if not len(xs):
            return
        d = "".join(f"M{self.x(x):.1f} {self.y(y):.1f}h0" for x, y in zip(xs, ys, strict=True))
        trials = "" if numbers is None else ",".join(map(str, numbers))
        self._add(d, f"dots {kind}", name, trials)

    def _add(self, d: str, kind: str, name: str, trials: str = "") -> None:
        self._parts.append(path(kind, d, trials))
        if name:
            mark = path(kind, _sample(kind))
            self._legend.append(
                Markup(
                    '<span><svg width="22" height="12" aria-hidden="true">{}</svg>{}</span>'
                ).format(mark, name)
            )

    def html(self) -> Markup:
        """Return the picture with its legend."""
        drawn = picture("chart", (0, 0, WIDTH, self.height), self._label, self._parts)
        if not self._legend:
            return drawn
        legend = Markup('<div class="legend">{}</div>').format(Markup("").join(self._legend))
        return drawn + legend


def _sample(kind: str) -> str:
    """Return what stands in the legend for a kind of mark."""
    if kind.startswith("dots"):
        return "M11 6h0"
    if kind.startswith("line interval"):
        return "M2 6H20M2 3v6M20 3v6"
    return "M2 1H20V11H2Z" if kind.startswith("band") else "M1 6H21"
