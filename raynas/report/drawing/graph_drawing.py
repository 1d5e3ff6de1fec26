"""A directed graph as a drawing: places down a spine, what joins them straight or as arcs.

Short arcs lie inside long ones, and an arc bends out until its label has room, so that labels cover
neither each other nor a place, however many there are. A place stands below everything that it
reads.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

from markupsafe import Markup

from raynas.report.drawing.op_names import cut
from raynas.report.drawing.svg import path, picture, text

PITCH, BOX, PILL = 64, 30, 18
"""Pixels from place to place, and the heights of a place's box and of a label."""
REACH = 60
"""By how much an arc bends out further for each place that it passes."""
CLOSE = 17
"""The same for arcs without labels."""
CHARACTER = 6.6
LONGEST = 46
"""Characters in a box; the rest of a longer text is told when the mouse is over it."""


@dataclass(frozen=True)
class Box:
    """A box; `kind` colours it, as "conv" or "pool"."""

    head: str
    detail: str = ""
    kind: str = "op"


@dataclass(frozen=True)
class Wire:
    """Joins two places, the earlier one first; `left` bends it to the other side."""

    start: int
    end: int
    label: str = ""
    kind: str = "op"
    left: bool = False


@dataclass(frozen=True)
class Pill:
    """Where a label is: its middle, and how wide it is."""

    x: float
    y: float
    wide: float

    def covers(self, other: "Pill") -> bool:
        """Whether it is too close to another one."""
        beside = abs(self.x - other.x) > (self.wide + other.wide) / 2 + 3
        return not beside and abs(self.y - other.y) <= PILL + 1

    def covers_a_box(self, width: float) -> bool:
        """Whether it is too close to one of the boxes, which are all so wide."""
        above = self.y % PITCH  # from the top of the last box that begins above it
        between = BOX + PILL / 2 + 1 <= above <= PITCH - PILL / 2 - 1
        return not between and abs(self.x) <= (self.wide + width) / 2 + 3


@dataclass(frozen=True)
class Arc:
    """A curve from (x, y) to (x, to) whose control points lie at `bend`."""

    x: float
    y: float
    to: float
    bend: float

    def at(self, t: float) -> tuple[float, float]:
        """Return a point of it, from 0, its start, to 1, its end."""
        s = 1 - t
        return (
            (s**3 + t**3) * self.x + 3 * s * t * self.bend,
            (s**3 + 3 * s * s * t) * self.y + (t**3 + 3 * s * t * t) * self.to,
        )


def draw_spine(places: list[Box], wires: list[Wire], label: str) -> Markup:
    """Return the drawing; `label` says what it shows to who cannot see it."""
    straight: dict[int, Wire] = {}
    arcs: list[Wire] = []
    for wire in wires:
        if wire.end == wire.start + 1 and wire.start not in straight and not wire.left:
            straight[wire.start] = wire
        else:
            arcs.append(wire)
    arcs.sort(key=lambda wire: wire.end - wire.start)  # long ones go round short ones
    width = max(len(cut(f"{p.head} {p.detail}", LONGEST)) for p in places) * CHARACTER + 26
    ports = _ports(arcs)
    pills: list[Pill] = []
    lines: list[Markup] = []
    labels: list[Markup] = []
    for start, wire in straight.items():
        top, bottom = start * PITCH + BOX, (start + 1) * PITCH
        lines.append(path(f"wire {wire.kind}", f"M0 {top}V{bottom - 1}"))
        lines.append(path(f"tip {wire.kind}", f"M-4 {bottom - 7}H4L0 {bottom - 1}Z"))
        if wire.label:
            at = Pill(0.0, (top + bottom) / 2, _pill_width(wire.label))
            pills.append(at)
            labels.append(_pill(wire, at))
    bends: list[tuple[Wire, float]] = []
    for number, wire in enumerate(arcs):
        side = -1 if wire.left else 1
        arc = Arc(
            side * width / 2,
            wire.start * PITCH + ports[number, 0],
            wire.end * PITCH + ports[number, 1],
            side * (width / 2 + _reach(wire, bends)),
        )
        if wire.label:
            arc, at = _labelled(arc, _pill_width(wire.label), pills, width)
            pills.append(at)
            labels.append(_pill(wire, at))
        bends.append((wire, abs(arc.bend) - width / 2))
        x, y, to, bend = arc.x, arc.y, arc.to, arc.bend
        curve = f"C{bend:.0f} {y:.1f} {bend:.0f} {to:.1f} {x + side * 4:.0f} {to:.1f}"
        lines.append(path(f"wire {wire.kind}", f"M{x:.0f} {y:.1f}{curve}"))
        tip = f"M{x + side * 7:.0f} {to - 3.5:.1f}v7L{x:.0f} {to:.1f}Z"
        lines.append(path(f"tip {wire.kind}", tip))
    boxes = [_box(place, number * PITCH, width) for number, place in enumerate(places)]
    sides = {False: width / 2 + 8, True: width / 2 + 8}
    for wire, reach in bends:
        sides[wire.left] = max(sides[wire.left], width / 2 + 0.75 * reach + 8)
    left = max(sides[True], *(pill.wide / 2 - pill.x + 6 for pill in pills), 0.0)
    right = max(sides[False], *(pill.x + pill.wide / 2 + 6 for pill in pills), 0.0)
    height = (len(places) - 1) * PITCH + BOX + 4
    return picture("drawing", (-left, -2, left + right, height), label, [*lines, *boxes, *labels])


def _reach(wire: Wire, bends: list[tuple[Wire, float]]) -> float:
    """Say how far an arc bends out: more the longer it is, and beyond all those inside it.

    Less where no label needs room. `bends` are the shorter arcs, and how far each bends out.
    """
    step = REACH if wire.label else CLOSE
    inside = (
        reach + CLOSE
        for other, reach in bends
        if other.left == wire.left and wire.start <= other.start and other.end <= wire.end
    )
    return max(26 + step * (wire.end - wire.start - 1), *inside, 0.0)


def _ports(arcs: list[Wire]) -> dict[tuple[int, int], float]:
    """Say how far down its box each arc starts (number, 0) and ends (number, 1).

    From the top: arcs that come in, the shortest first, then those that go out, the longest first.
    """
    at: dict[tuple[int, bool], list[tuple[tuple[int, int], int, int]]] = defaultdict(list)
    for number, wire in enumerate(arcs):
        span = wire.end - wire.start
        at[wire.end, wire.left].append(((0, span), number, 1))
        at[wire.start, wire.left].append(((1, -span), number, 0))
    ports = {}
    for ends in at.values():
        for place, (_, number, end) in enumerate(sorted(ends), start=1):
            ports[number, end] = BOX * place / (len(ends) + 1)
    return ports


def _labelled(arc: Arc, wide: float, pills: list[Pill], width: float) -> tuple[Arc, Pill]:
    """Find a place for a label on an arc, bent out further until there is one.

    As near to its middle as no other label and no box of this `width` is in the way.
    """
    while True:
        for step in range(24):
            x, y = arc.at(0.5 + (step + 1) // 2 * (0.03 if step % 2 else -0.03))
            pill = Pill(x, y, wide)
            if not pill.covers_a_box(width) and not any(map(pill.covers, pills)):
                return arc, pill
        arc = replace(arc, bend=arc.bend + (CLOSE if arc.bend > 0 else -CLOSE))


def _pill_width(text: str) -> float:
    return len(text) * 6.1 + 14


def _pill(wire: Wire, at: Pill) -> Markup:
    x, y, wide = at.x, at.y, at.wide
    box = Markup(
        '<rect class="pill {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="9"/>'
    ).format(wire.kind, x - wide / 2, y - PILL / 2, wide, PILL)
    return box + text(wire.label, x, y + 4, "label middle")


def _box(place: Box, top: int, width: float) -> Markup:
    head = cut(place.head, LONGEST)
    detail = cut(place.detail, max(0, LONGEST - len(head) - 1))
    box = Markup(
        '<rect class="box {}" x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="6"/>'
    ).format(place.kind, -width / 2, top, width, BOX)
    words = Markup('<tspan class="head">{}</tspan> {}').format(head, detail)
    whole = Markup("<g><title>{} {}</title>{}{}</g>")
    return whole.format(
        place.head, place.detail, box, text(words, 0, top + BOX / 2 + 4, "label middle")
    )
