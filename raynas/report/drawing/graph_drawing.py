"""A directed graph as a drawing: places down a spine, what joins them straight or as arcs.

Short arcs lie inside long ones, so that neither lines nor labels cover each other, however many
there are. A place stands below everything that it reads.
"""

from collections import defaultdict
from dataclasses import dataclass

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


def draw_spine(places: list[Box], wires: list[Wire], label: str) -> Markup:
    """Return the drawing; `label` says what it shows to who cannot see it."""
    straight: dict[int, Wire] = {}
    arcs: list[Wire] = []
    for wire in wires:
        if wire.end == wire.start + 1 and wire.start not in straight and not wire.left:
            straight[wire.start] = wire
        else:
            arcs.append(wire)
    width = max(len(cut(f"{p.head} {p.detail}", LONGEST)) for p in places) * CHARACTER + 26
    ports = _ports(arcs)
    pills: list[tuple[float, float, float]] = []
    lines: list[Markup] = []
    labels: list[Markup] = []
    for start, wire in straight.items():
        top, bottom = start * PITCH + BOX, (start + 1) * PITCH
        lines.append(path(f"wire {wire.kind}", f"M0 {top}V{bottom - 1}"))
        lines.append(path(f"tip {wire.kind}", f"M-4 {bottom - 7}H4L0 {bottom - 1}Z"))
        if wire.label:
            at = (0.0, (top + bottom) / 2 - 2, _pill_width(wire.label))
            pills.append(at)
            labels.append(_pill(wire, at))
    for number, wire in enumerate(arcs):
        side = -1 if wire.left else 1
        x = side * width / 2
        y = wire.start * PITCH + ports[number, 0]
        to = wire.end * PITCH + ports[number, 1]
        bend = x + side * (26 + _reach(wire))
        curve = f"C{bend:.0f} {y:.1f} {bend:.0f} {to:.1f} {x + side * 4:.0f} {to:.1f}"
        lines.append(path(f"wire {wire.kind}", f"M{x:.0f} {y:.1f}{curve}"))
        tip = f"M{x + side * 7:.0f} {to - 3.5:.1f}v7L{x:.0f} {to:.1f}Z"
        lines.append(path(f"tip {wire.kind}", tip))
        if wire.label:
            at = _free((x, y), (bend, to), _pill_width(wire.label), pills)
            pills.append(at)
            labels.append(_pill(wire, at))
    boxes = [_box(place, number * PITCH, width) for number, place in enumerate(places)]
    sides = {False: width / 2 + 8, True: width / 2 + 8}
    for wire in arcs:
        sides[wire.left] = max(sides[wire.left], width / 2 + 0.75 * (26 + _reach(wire)) + 8)
    left = max(sides[True], *(wide / 2 - x + 6 for x, _, wide in pills), 0.0)
    right = max(sides[False], *(x + wide / 2 + 6 for x, _, wide in pills), 0.0)
    height = (len(places) - 1) * PITCH + BOX + 4
    return picture("drawing", (-left, -2, left + right, height), label, [*lines, *boxes, *labels])


def _reach(wire: Wire) -> float:
    """Say how far an arc bends out beyond the shortest ones; less where no label needs room."""
    return (REACH if wire.label else CLOSE) * (wire.end - wire.start - 1)


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


def _free(
    start: tuple[float, float],
    bend_to: tuple[float, float],
    wide: float,
    taken: list[tuple[float, float, float]],
) -> tuple[float, float, float]:
    """Find a place for a label on an arc where no other label is, near its middle."""
    (x, y), (bend, to) = start, bend_to
    for step in range(24):
        t = 0.5 + (step + 1) // 2 * (0.03 if step % 2 else -0.03)
        s = 1 - t
        at_x = (s**3 + t**3) * x + 3 * s * t * bend
        at_y = (s**3 + 3 * s * s * t) * y + (t**3 + 3 * s * t * t) * to
        if all(
            abs(at_x - other_x) > (wide + other) / 2 + 3 or abs(at_y - other_y) > PILL + 1
            for other_x, other_y, other in taken
        ):
            return at_x, at_y, wide
    return 0.25 * x + 0.75 * bend, (y + to) / 2, wide


def _pill_width(text: str) -> float:
    return len(text) * 6.1 + 14


def _pill(wire: Wire, at: tuple[float, float, float]) -> Markup:
    x, y, wide = at
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
