"""The learning curves of many trials in one picture."""

import math
from itertools import pairwise

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure
from raynas.report.drawing.scale import without_outliers
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial

CURVES = 200
"""Learning curves in the picture of all of them."""


def learning_curves(facts: Facts) -> Figure | None:
    """Draw the learning curves of up to `CURVES` trials, evenly chosen; None if no trial has any.

    Only where there is something to see: a curve of one epoch is a dot.
    """
    name = facts.quality
    known = [(t, _points(t, name)) for t in facts.trials if t.status != "failed"]
    known = [(trial, points) for trial, points in known if len(points) > 1]
    if not known:
        return None
    shown = known[:: math.ceil(len(known) / CURVES)]
    values = [y for _, points in shown for _, y in points]
    chart = Chart(
        f"{name} of each epoch, a line a {facts.unit}",
        x="epoch",
        whole_x=True,
        y=name,
        x_limits=(1, max(points[-1][0] for _, points in known)),
        y_limits=without_outliers(values, name != "val_loss"),
    )
    best = facts.ranked[0].trial_id if facts.ranked else ""
    for status, kind in (("completed", "thin"), ("stopped", "thin warn")):
        lines = [points for trial, points in shown if trial.status == status]
        pairs = ((*a, *b) for points in lines for a, b in pairwise(points))
        chart.segments(pairs, kind, {"stopped": "stopped early"}.get(status, f"a {facts.unit}"))
    for trial, points in known:
        if trial.trial_id == best:
            chart.line(
                [x for x, _ in points], [y for _, y in points], "main", f"the best {facts.unit}"
            )
    some = f"{len(shown)} of {len(known)} {facts.unit}s. " if len(shown) < len(known) else ""
    return Figure(
        "Learning curves", chart.html(), some + f"Each {facts.unit}'s own is in the table below."
    )


def _points(trial: Trial, name: str) -> list[tuple[float, float]]:
    """Return (epoch, value) of a trial's finite values."""
    points: list[tuple[float, float]] = []
    for epoch in trial.curve:
        value = epoch.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            points.append((float(epoch.get("epoch", len(points) + 1)), float(value)))
    return points
