"""Pieces of SVG that the pictures share."""

from collections.abc import Iterable

from markupsafe import Markup


def picture(
    kind: str, box: tuple[float, float, float, float], label: str, parts: Iterable[Markup]
) -> Markup:
    """Return an SVG element; `box` is left, top, width, height, `label` is for who cannot see it.

    A "drawing" is as large as its box, a "chart" as its column on the page.
    """
    view = " ".join(f"{size:.0f}" for size in box)
    style = f"width:{box[2]:.0f}px" if kind == "drawing" else ""
    return Markup(
        '<svg class="{}" viewBox="{}" style="{}" role="img" aria-label="{}">{}</svg>'
    ).format(kind, view, style, label, Markup("").join(parts))


def path(kind: str, d: str, trials: str = "") -> Markup:
    """Return a path; `trials` are the numbers of those that its dots stand for."""
    marks = Markup(' data-trials="{}"').format(trials) if trials else ""
    return Markup('<path class="{}" d="{}"{}/>').format(kind, d, marks)


def text(words: str, x: float, y: float, kind: str) -> Markup:
    """Return a text; `kind` says how it is written and aligned."""
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, words)
