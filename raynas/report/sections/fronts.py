"""What a good network costs: quality against parameters, MACs, latency, with the Pareto front."""

import math

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import MARK, table, trial_link
from raynas.report.drawing.scale import limits, without_outliers
from raynas.report.facts.facts import EXACT_COSTS, Facts
from raynas.runs.ranking import costs_of, on_front
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
    on: dict[str, list[Trial]] = {}
    figures: list[Figure] = []
    for cost in facts.costs:
        values = _costs(facts, cost)
        trials = [t for t in facts.scored if t.number in values and _known(t, facts.quality)]
        if len({values[t.number] for t in trials}) > 1:
            if _is_exact(facts, cost):
                on[cost] = on_front(trials, facts.quality, values)
            figures.append(_figure(trials, values, on.get(cost, []), cost, facts))
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
    exact = (cost for cost in facts.costs if _is_exact(facts, cost))
    costs = (_costs(facts, cost) for cost in exact)
    return {t.number for known in costs for t in on_front(facts.scored, facts.quality, known)}


def _is_exact(facts: Facts, cost: str) -> bool:
    """Whether a cost is counted, or was measured alone."""
    return cost in EXACT_COSTS or facts.latencies is not None


def _costs(facts: Facts, cost: str) -> dict[int, float]:
    """Return a cost by the trials' numbers; latencies as they were measured alone, if they were."""
    if cost not in EXACT_COSTS and facts.latencies is not None:
        return {number: latency.median for number, latency in facts.latencies.trials.items()}
    return costs_of(facts.scored, cost)


def _name(facts: Facts, cost: str) -> str:
    name = NAMES.get(cost, cost.replace("_", " "))
    return name.replace(", rough", "") if _is_exact(facts, cost) else name


def _figure(
    trials: list[Trial], values: dict[int, float], on: list[Trial], cost: str, facts: Facts
) -> Figure:
    quality, name = facts.quality, _name(facts, cost)
    xs = [values[t.number] for t in trials]
    ys = [t.metrics[quality] for t in trials]
    spans = _spans(trials, cost, facts)
    reach = [*xs, *(x for low, _, high, _ in spans for x in (low, high))]
    log = min(reach) > 0 and max(reach) > 8 * min(reach)
    chart = Chart(
        f"{quality} against {name}, a dot a trial",
        x=name,
        y=quality,
        x_limits=limits(reach, log=log),
        y_limits=without_outliers(ys, quality != "val_loss"),
        log_x=log,
    )
    chart.segments(spans, "thin", "four fifths of the measurements")
    chart.dots(xs, ys, "plain", "trial", [t.number for t in trials])
    if on:
        front_xs = [values[t.number] for t in on]
        front_ys = [t.metrics[quality] for t in on]
        chart.line(front_xs, front_ys, "main", step=True)
        chart.dots(front_xs, front_ys, "main", "front", [t.number for t in on])
    title = f"{quality.removeprefix('val_').replace('_', ' ').capitalize()} and {name}"
    return Figure(title, chart.html(), _remark(trials, cost, facts))


def _spans(trials: list[Trial], cost: str, facts: Facts) -> list[tuple[float, float, float, float]]:
    """Return how far the measurements of each trial's latency lie apart, as lines to draw."""
    if cost in EXACT_COSTS or facts.latencies is None:
        return []
    known, quality = facts.latencies.trials, facts.quality
    places = ((known[t.number], t.metrics[quality]) for t in trials)
    return [(latency.low, y, latency.high, y) for latency, y in places]


def _remark(trials: list[Trial], cost: str, facts: Facts) -> str:
    """Say what is not exact in a cost."""
    if cost not in EXACT_COSTS:
        if facts.latencies is not None:
            return (
                f"Measured after the search, one network after the other ({facts.latencies.device})"
                ": the kept trials and those on a front. Where lines overlap, none is the quicker."
            )
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


def _listed(on: dict[str, list[Trial]], facts: Facts) -> Figure:
    """List the trials on the fronts, the best first, with a mark at the costs whose front it is."""
    numbers = {cost: {t.number for t in trials} for cost, trials in on.items()}
    costs = {cost: _costs(facts, cost) for cost in on}
    sign = 1 if facts.quality == "val_loss" else -1
    every = {t.number: t for trials in on.values() for t in trials}
    trials = [every[number] for number in sorted(every)]
    trials.sort(key=lambda trial: sign * trial.metrics[facts.quality])
    rows: list[list[object]] = [
        [
            trial_link(t.number),
            metric_text(facts.quality, t.metrics[facts.quality]),
            *(_cost(costs[cost].get(t.number), cost, t.number in numbers[cost]) for cost in on),
            describe(t.architecture.value),
        ]
        for t in trials[:SHOWN]
    ]
    head = ["trial", facts.quality, *(_name(facts, cost) for cost in on), "architecture"]
    more = f" The best {SHOWN} of {len(trials)}." if len(trials) > SHOWN else ""
    return Figure(
        "On the fronts", table(head, rows), f"{MARK}: on the front of this cost.{more}", True
    )


def _cost(value: float | None, cost: str, marked: bool) -> str:
    known = "" if value is None else metric_text(cost, value)
    return f"{MARK}\u00a0{known}" if marked else known


def _known(trial: Trial, name: str) -> bool:
    return math.isfinite(trial.metrics.get(name, math.nan))
