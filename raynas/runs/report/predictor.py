"""How well a strategy's predictor foretold what came out: `pnas` and `bayesian`."""

import math
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from raynas.runs.record import Trial
from raynas.runs.report.chart import Chart
from raynas.runs.report.facts import Facts
from raynas.runs.report.scale import limits
from raynas.runs.report.section import Figure, Section, table

LEAST = 3
"""Pairs below which no rank correlation is given."""


def predictor(facts: Facts) -> Section | None:
    """Draw predictions against results; None where no trial notes a prediction."""
    known = [trial for trial in facts.scored if _number(trial, "predicted") is not None]
    if not known:
        return None
    figures = [_scatter(facts, known)]
    if all(_number(trial, "deviation") is not None for trial in known):
        figures.append(_errors(facts, known))
    if any("level" in trial.proposal.notes for trial in facts.scored):
        figures.append(_levels(facts))
    return Section("predictor", "The predictor", figures=figures)


def _scatter(facts: Facts, trials: list[Trial]) -> Figure:
    """Predicted against reached; where the prediction has a deviation, in the metric's own unit."""
    xs = [_number(trial, "predicted") or 0.0 for trial in trials]
    ys = [facts.score(trial) for trial in trials]
    deviations = [_number(trial, "deviation") for trial in trials]
    same_unit = None not in deviations
    whole = limits(_usual([*xs, *ys]))
    chart = Chart(
        f"{facts.metric} of each trial against what was predicted for it",
        x=f"predicted {facts.metric}" if same_unit else "predicted (standard score)",
        y=f"{facts.metric} reached",
        x_limits=whole if same_unit else limits(_usual(xs)),
        y_limits=whole if same_unit else limits(_usual(ys)),
    )
    if same_unit:
        chart.line(whole, whole, "thin", "as predicted")
        chart.segments(
            ((x - 1.96 * (d or 0), y, x + 1.96 * (d or 0), y)
             for x, y, d in zip(xs, ys, deviations, strict=True)),
            "spread", "95 % of the prediction",
        )  # fmt: skip
    chart.dots(xs, ys, "plain", "trial", [trial.number for trial in trials])
    rho = rank_correlation(xs, ys)
    said = f"Spearman's rank correlation is {rho:.2f}" if rho is not None else "Too few to judge"
    return Figure(
        "Predicted and reached",
        chart.html(),
        f"{said}, over {len(trials)} trials. They were chosen because they were predicted to be "
        "good, which makes them harder to tell apart than random ones.",
    )


def _errors(facts: Facts, trials: list[Trial]) -> Figure:
    """How far off the predictions were as trials came in, against how far they said they may be."""
    xs = [trial.number for trial in trials]
    predicted = np.array([_number(trial, "predicted") or 0.0 for trial in trials])
    deviations = np.array([_number(trial, "deviation") or 0.0 for trial in trials])
    errors = np.array([facts.score(trial) for trial in trials]) - predicted
    reach = 1.96 * deviations
    chart = Chart(
        "reached minus predicted, by the order of proposal",
        x="trial",
        whole_x=True,
        y="reached − predicted",
        x_limits=limits(xs),
        y_limits=limits(_usual([*errors, *reach, *-reach])),
    )
    order = np.argsort(xs, kind="stable")
    chart.band(
        [xs[i] for i in order], list(-reach[order]), list(reach[order]), "other",
        "where 95 % should lie",
    )  # fmt: skip
    chart.line(limits(xs), (0.0, 0.0), "thin")
    chart.dots(xs, list(errors), "plain", "trial", xs)
    inside = float((np.abs(errors) <= reach).mean())
    off = float(np.sqrt((errors**2).mean()))
    return Figure(
        "Error of the predictions",
        chart.html(),
        f"{inside:.0%} of the results lie in the predictions' 95 % intervals; the predictions are "
        f"off by {off:.3g} (root mean square).",
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
        best = max if facts.larger_is_better else min
        rows.append(
            [level, len(trials), f"{best(facts.score(t) for t in trials):.4g}",
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
