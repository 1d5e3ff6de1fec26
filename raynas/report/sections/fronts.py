"""What a good network costs: quality against parameters, MACs, latency, with the Pareto front."""

import math

from raynas.pareto import front
from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import MARK, table, trial_link
from raynas.report.drawing.scale import limits, without_outliers
from raynas.report.facts.facts import EXACT_COSTS, Facts
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.space import describe

NAMES = {"params": "parameters", "macs": "MACs", "latency_ms": "latency (ms, rough)"}
SHOWN = 12
"""Rows of the table of the fronts."""


ROUGH = "measured while others trained"
"""What a search's latencies are: good for an order of magnitude, not for a front."""


def fronts(facts: Facts) -> Section | None:
    """Draw one picture a cost, and list the fronts; None if nothing is known to be drawn."""
    on: dict[str, set[int]] = {}
    figures: list[Figure] = []
    for cost in facts.costs:
        trials = _with(facts, cost)
        if len({t.metrics[cost] for t in trials}) > 1:
            places = _front(trials, facts.quality, cost) if cost in EXACT_COSTS else []
            if places:
                on[cost] = {trials[place].number for place in places}
            figures.append(_figure(trials, places, cost, facts))
    if not figures:
        return None
    listed = [_listed(on, facts)] if on else []
    return Section(
        "fronts",
        "Quality against cost",
        "The Pareto front: the trials that no other one beats in both.",
        [*figures, *listed],
    )


def front_numbers(facts: Facts) -> set[int]:
    """Return the numbers of the trials that lie on some front."""
    numbers: set[int] = set()
    for cost in (cost for cost in facts.costs if cost in EXACT_COSTS):
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
    if on:
        front_xs, front_ys = [xs[i] for i in places], [ys[i] for i in places]
        chart.line(front_xs, front_ys, "main", step=True)
        chart.dots(front_xs, front_ys, "main", "front", [t.number for t in on])
    title = f"{quality.removeprefix('val_').replace('_', ' ').capitalize()} and {name}"
    return Figure(title, chart.html(), _remark(trials, cost))


def _remark(trials: list[Trial], cost: str) -> str:
    """Say what is not exact in a cost."""
    if cost not in EXACT_COSTS:
        return (
            f"The latencies are rough: {ROUGH} on the same machine. Small differences say nothing, "
            "so no front is drawn."
        )
    texts = (text for trial in trials for text in trial.proposal.notes.get("warnings", ()))
    return (
        "Some are too low: see the warnings of their trials."
        if cost == "macs" and any("MACs leave out" in text for text in texts)
        else ""
    )


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
    return f"{MARK}\u00a0{known}" if marked else known


def _known(trial: Trial, name: str) -> bool:
    return math.isfinite(trial.metrics.get(name, math.nan))
