"""What a good network costs: quality against parameters, MACs, latency, with the Pareto front."""

import math

from raynas.pareto import front
from raynas.runs.record import Trial
from raynas.runs.report.chart import Chart
from raynas.runs.report.facts import Facts
from raynas.runs.report.scale import limits, short, without_outliers
from raynas.runs.report.section import Figure, Section, table, trial_link
from raynas.space import describe

NAMES = {"params": "parameters", "macs": "MACs", "latency_ms": "latency (ms)"}
SHOWN = 12
"""Rows of the table of a front."""


def fronts(facts: Facts) -> Section | None:
    """Draw one picture a cost; None if nothing is known to be drawn."""
    figures: list[Figure] = []
    for cost in facts.costs:
        trials = [t for t in facts.scored if _known(t, facts.quality) and _known(t, cost)]
        if len({t.metrics[cost] for t in trials}) > 1:
            figures += _figures(trials, cost, facts)
    if not figures:
        return None
    return Section(
        "fronts",
        "Quality against cost",
        "The Pareto front: the trials that no other one beats in both.",
        figures,
    )


def front_numbers(facts: Facts) -> set[int]:
    """Return the numbers of the trials that lie on some front."""
    found: set[int] = set()
    for cost in facts.costs:
        trials = [t for t in facts.scored if _known(t, facts.quality) and _known(t, cost)]
        found |= {trials[place].number for place in _front(trials, facts.quality, cost)}
    return found


def _front(trials: list[Trial], quality: str, cost: str) -> list[int]:
    sign = 1.0 if quality == "val_loss" else -1.0
    points = [[t.metrics[cost], sign * t.metrics[quality]] for t in trials]
    return [int(place) for place in front(points)]


def _figures(trials: list[Trial], cost: str, facts: Facts) -> list[Figure]:
    quality, name = facts.quality, NAMES.get(cost, cost.replace("_", " "))
    xs = [t.metrics[cost] for t in trials]
    ys = [t.metrics[quality] for t in trials]
    log = min(xs) > 0 and max(xs) > 8 * min(xs)
    chart = Chart(
        f"{quality} against {name}, a dot a trial",
        x=name,
        y=quality,
        x_limits=limits(xs, log=log),
        y_limits=without_outliers(ys, quality != "val_loss"),
        log_x=log,
    )
    places = sorted(_front(trials, quality, cost), key=lambda place: (xs[place], ys[place]))
    chart.dots(xs, ys, "plain", "trial", [t.number for t in trials])
    on = [trials[place] for place in places]
    chart.line([xs[i] for i in places], [ys[i] for i in places], "main", step=True)
    chart.dots(
        [xs[i] for i in places], [ys[i] for i in places], "main", "front", [t.number for t in on]
    )
    rows: list[list[object]] = [
        [trial_link(t.number), short(t.metrics[cost]), f"{t.metrics[quality]:.4f}",
         describe(t.architecture.value)]
        for t in reversed(on[-SHOWN:])
    ]  # fmt: skip
    more = f"The best {SHOWN} of {len(on)}." if len(on) > SHOWN else ""
    title = f"{quality.removeprefix('val_').replace('_', ' ').capitalize()} and {name}"
    return [
        Figure(title, chart.html()),
        Figure(f"The front of {name}", table(["trial", name, quality, "architecture"], rows), more),
    ]


def _known(trial: Trial, name: str) -> bool:
    return math.isfinite(trial.metrics.get(name, math.nan))
