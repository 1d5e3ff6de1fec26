"""How well a strategy's predictor foretold what came out: `pnas` and `bayesian`."""

import math
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import table
from raynas.report.drawing.scale import limits
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial

LEAST = 3
"""Pairs below which no rank correlation is given."""


def predictor(facts: Facts) -> Section | None:
    """Draw predictions against results; None where no trial notes a prediction."""
    known = [trial for trial in facts.scored if _number(trial, "predicted") is not None]
    if not known:
        return None
    figures = [_scatter(facts, known)]
    if _intervals(known):
        figures.append(_errors(facts, known))
    if any("level" in trial.proposal.notes for trial in facts.scored):
        figures.append(_levels(facts))
    return Section("predictor", "The predictor", figures=figures)


def _scatter(facts: Facts, trials: list[Trial]) -> Figure:
    """Predicted against reached; what has an interval is predicted in the metric's own unit."""
    xs = [_number(trial, "predicted") or 0.0 for trial in trials]
    ys = [facts.score(trial) for trial in trials]
    intervals = _intervals(trials)
    whole = limits(_usual([*xs, *ys]))
    chart = Chart(
        f"{facts.metric} of each trial against what was predicted for it",
        x=f"predicted {facts.metric}" if intervals else "predicted (standard score)",
        y=f"{facts.metric} reached",
        x_limits=whole if intervals else limits(_usual(xs)),
        y_limits=whole if intervals else limits(_usual(ys)),
    )
    if intervals:
        chart.line(whole, whole, "exact", "as predicted")
        spans = ((low, high, y) for (low, high), y in zip(intervals, ys, strict=True))
        chart.intervals(spans, "95 % of the prediction")
    chart.dots(xs, ys, "main", "trial", [trial.number for trial in trials])
    rho = rank_correlation(xs, ys)
    verdict = f"Spearman's rank correlation is {rho:.2f}" if rho is not None else "Too few to judge"
    return Figure(
        "Predicted and reached",
        chart.html(),
        f"{verdict}, over {len(trials)} trials. They were chosen because they were predicted to be "
        "good, which makes them harder to tell apart than random ones.",
    )


def _errors(facts: Facts, trials: list[Trial]) -> Figure:
    """How far off the predictions were as trials came in, against how far they said they may be."""
    trials = sorted(trials, key=lambda trial: trial.number)
    xs = [trial.number for trial in trials]
    predicted = np.array([_number(trial, "predicted") or 0.0 for trial in trials])
    errors = np.array([facts.score(trial) for trial in trials]) - predicted
    low, high = np.array(_intervals(trials)).T - predicted
    chart = Chart(
        "reached minus predicted, by the order of proposal",
        x="trial",
        whole_x=True,
        y="reached − predicted",
        x_limits=limits(xs),
        y_limits=limits(_usual([*errors, *low, *high])),
    )
    chart.band(xs, list(low), list(high), "other", "where 95 % should lie")
    chart.line(limits(xs), (0.0, 0.0), "exact", "as predicted")
    chart.dots(xs, list(errors), "plain", "trial", xs)
    inside = float(((low <= errors) & (errors <= high)).mean())
    off = float(np.sqrt((errors**2).mean()))
    return Figure(
        "Error of the predictions",
        chart.html(),
        f"{inside:.0%} of the results lie in the predictions' 95 % intervals, which do not reach "
        f"beyond the worst result before; the predictions are off by {off:.3g} (root mean square).",
    )


def _levels(facts: Facts) -> Figure:
    """List the levels of progressive search with the rank correlation that each had."""
    levels: dict[int, list[Trial]] = defaultdict(list)
    correlations: list[float | None] = []
    for trial in sorted(facts.scored, key=lambda trial: trial.number):
        notes = trial.proposal.notes
        if isinstance(notes.get("level"), int):
            levels[notes["level"]].append(trial)
            correlations = notes.get("rank_correlations", correlations)
    rows: list[list[object]] = []
    for level, trials in sorted(levels.items()):
        pairs = [(p, facts.score(t)) for t in trials if (p := _number(t, "predicted")) is not None]
        rho = rank_correlation(*map(list, zip(*pairs, strict=True))) if pairs else None
        if rho is None and level < len(correlations):
            rho = correlations[level]
        rows.append(
            [level, len(trials), facts.told(facts.best_of(trials)),
             "not predicted" if not pairs else "too few" if rho is None else f"{rho:.2f}"]
        )  # fmt: skip
    head = ["level", "trials", f"best {facts.metric}", "rank correlation"]
    return Figure(
        "Levels",
        table(head, rows),
        "A level's architectures are predicted before any of them is trained; the correlation is "
        "Spearman's, of predictions and results.",
    )


def rank_correlation(xs: list[float], ys: list[float]) -> float | None:
    """Return Spearman's rank correlation; None with fewer than three pairs or nothing to rank."""
    if len(xs) < LEAST or len(set(xs)) < 2 or len(set(ys)) < 2:
        return None
    return float(np.corrcoef(_ranks(np.array(xs)), _ranks(np.array(ys)))[0, 1])


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places], dtype=np.float64)


def _usual(values: list[float]) -> list[float]:
    """Leave out the one in fifty that lies furthest out."""
    if len(values) < 50:
        return values
    low, high = np.quantile(values, (0.01, 0.99))
    return [value for value in values if low <= value <= high]


def _number(trial: Trial, name: str) -> float | None:
    value = trial.proposal.notes.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _intervals(trials: list[Trial]) -> list[tuple[float, float]]:
    """Return the 95 % interval of each prediction, nothing where some trial notes none."""
    intervals = []
    for trial in trials:
        match trial.proposal.notes.get("interval"):
            case [int() | float() as low, int() | float() as high] if math.isfinite(low + high):
                intervals.append((float(low), float(high)))
            case _:
                return []
    return intervals
