"""The controller of `reinforce`: how sure it became, and what it was rewarded for."""

import math

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.scale import limits
from raynas.report.facts.facts import Facts

TEXTS = {
    "entropy": (
        "Entropy of the policy",
        "nats",
        "Of each architecture as it was drawn, the mean of its decisions: high while anything may "
        "come, near 0 where the controller always draws the same.",
    ),
    "baseline": (
        "Baseline of the reward",
        "mean reward",
        "The moving average of the rewards, against which a result counts as good. A reward is the "
        "share of the earlier results that a trial beats, so it rises above 0.5 as the controller "
        "learns.",
    ),
}
"""The notes that are drawn: title, what is on the axis, and what it means."""


def controller(facts: Facts) -> Section | None:
    """Draw entropy and baseline over the trials; None where no trial notes them."""
    figures = []
    for name, (title, axis, meaning) in TEXTS.items():
        known = sorted(
            (trial.number, float(value))
            for trial in facts.trials
            if isinstance(value := trial.proposal.notes.get(name), int | float)
            and math.isfinite(value)
        )
        if not known:
            continue
        xs, ys = [x for x, _ in known], [y for _, y in known]
        least = [0.0] if min(ys) >= 0 else []
        chart = Chart(
            f"{title} by the order of proposal",
            x="trial",
            whole_x=True,
            y=axis,
            x_limits=limits(xs),
            y_limits=limits([*ys, *least, *([1.0] if name == "baseline" else [])]),
        )
        chart.dots(xs, ys, "plain", "", xs)
        chart.line(xs, _smoothed(ys), "main", "moving average")
        figures.append(Figure(title, chart.html(), meaning))
    return Section("controller", "The controller", figures=figures) if figures else None


def _smoothed(values: list[float], weight: float = 0.9) -> list[float]:
    """Return the moving average, without a bias to the first value."""
    total = norm = 0.0
    means = []
    for value in values:
        total, norm = weight * total + value, weight * norm + 1
        means.append(total / norm)
    return means
