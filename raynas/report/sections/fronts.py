"""What a good network costs: quality against parameters, MACs, latency, with the Pareto front."""

import math

from raynas.pareto import front
from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section, table, trial_link
from raynas.report.drawing.scale import limits, without_outliers
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.space import describe

NAMES = {"params": "parameters", "macs": "MACs", "latency_ms": "latency (ms)"}
SHOWN = 12
"""Rows of the table of the fronts."""
MARK = "◆"


def fronts(facts: Facts) -> Section | None:
    """Draw one picture a cost, and list the fronts; None if nothing is known to be drawn."""
    on: dict[str, set[int]] = {}
    figures: list[Figure] = []
    for cost in facts.costs:
        trials = _with(facts, cost)
        if len({t.metrics[cost] for t in trials}) > 1:
            places = _front(trials, facts.quality, cost)
            on[cost] = {trials[place].number for place in places}
            figures.append(_figure(trials, places, cost, facts))
    if not figures:
        return None
    return Section(
        "fronts",
        "Quality against cost",
        "The Pareto front: the trials that no other one beats in both.",
        [*figures, _listed(on, facts)],
    )


def front_numbers(facts: Facts) -> set[int]:
    """Return the numbers of the trials that lie on some front."""
    numbers: set[int] = set()
    for cost in facts.costs:
        trials = _with(facts, cost)
        numbers |= {trials[place].number for place in _front(trials, facts.quality, cost)}
    return numbers


def _with(facts: Facts, cost: str) -> list[Trial]:
    return [t for t in facts.scored if _known(t, facts.quality) and _known(t, cost)]


def _front(trials: list[Trial], quality: str, cost: str) -> list[int]:
    """Return the places of the trials on a front, the cheapest first."""
    sign = 1.0 if quality == "val_loss" else -1.0
    points = [[t.metrics[cost], sign * t.metrics[quality]] for t in trials]
    return sorted((int(place) for place in front(points)), key=lambda place: points[place])


def _figure(trials: list[Trial], places: list[int], cost: str, facts: Facts) -> Figure:
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
    chart.dots(xs, ys, "plain", "trial", [t.number for t in trials])
    on = [trials[place] for place in places]
    chart.line([xs[i] for i in places], [ys[i] for i in places], "main", step=True)
    chart.dots(
        [xs[i] for i in places], [ys[i] for i in places], "main", "front", [t.number for t in on]
    )
    title = f"{quality.removeprefix('val_').replace('_', ' ').capitalize()} and {name}"
    return Figure(title, chart.html())


def _listed(on: dict[str, set[int]], facts: Facts) -> Figure:
    """List the trials on the fronts, the best first, with a mark at the costs whose front it is."""
    every = set().union(*on.values())
    sign = 1 if facts.quality == "val_loss" else -1
    trials = sorted((t for t in facts.scored if t.number in every), key=lambda t: t.number)
    trials.sort(key=lambda trial: sign * trial.metrics[facts.quality])
    rows: list[list[object]] = [
        [
            trial_link(t.number),
            metric_text(facts.quality, t.metrics[facts.quality]),
            *(_cost(t, cost, t.number in numbers) for cost, numbers in on.items()),
            describe(t.architecture.value),
        ]
        for t in trials[:SHOWN]
    ]
    head = ["trial", facts.quality, *(NAMES.get(cost, cost) for cost in on), "architecture"]
    more = f" The best {SHOWN} of {len(trials)}." if len(trials) > SHOWN else ""
    return Figure(
        "On the fronts", table(head, rows), f"{MARK}: on the front of this cost.{more}", True
    )


def _cost(trial: Trial, cost: str, marked: bool) -> str:
    known = metric_text(cost, trial.metrics[cost]) if _known(trial, cost) else ""
    return f"{known}\u00a0{MARK}" if marked else known


def _known(trial: Trial, name: str) -> bool:
    return math.isfinite(trial.metrics.get(name, math.nan))
