"""How the best came about: over trials, over time, and the learning curves behind it."""

import math
from itertools import pairwise

from raynas.runs.record import Trial
from raynas.runs.report.baseline import baseline, random_trials
from raynas.runs.report.chart import Chart
from raynas.runs.report.facts import Facts
from raynas.runs.report.scale import duration, limits, without_outliers
from raynas.runs.report.section import Figure, Section

CURVES = 200
"""Learning curves in the picture of all of them."""


def progress(facts: Facts) -> Section:
    """Draw the best so far over trials and over wall time, and all learning curves."""
    if not facts.scored:
        return Section("progress", "Progress", "No trial has a result yet.")
    figures = [_over_trials(facts), _over_time(facts)]
    curves = _curves(facts)
    return Section("progress", "Progress", figures=[*figures, curves] if curves else figures)


def _over_trials(facts: Facts) -> Figure:
    random = baseline(facts)
    values = [facts.score(trial) for trial in facts.trials]
    chart = Chart(
        f"{facts.metric} of each trial and the best so far, by finished trials",
        x="finished trials",
        whole_x=True,
        y=facts.metric,
        x_limits=(0, max(len(values), 1) + 0.5),
        y_limits=_room(facts, values),
    )
    caption = ""
    if random is not None:
        draws = list(range(1, len(random.mean) + 1))
        if facts.config.strategy != "random":
            draws_are = "drawn at random before the strategy had learned anything"
        else:
            draws_are = "of this run, in any order"
        chart.band(draws, list(random.low), list(random.high), "other", "80 % of random searches")
        chart.line(draws, list(random.mean), "other", "random, expected")
        caption = (
            f"The expected best of k random draws is computed from the {len(draws)} trials "
            f"{draws_are}; it ends with them."
        )
    _dots(chart, facts, {t.number: place for place, t in enumerate(facts.trials, start=1)})
    xs, ys = _best_so_far(facts)
    chart.line([x + 1 for x in xs], ys, "main", "best so far", step=True)
    return Figure("Best so far, over trials", chart.html(), caption + _outside(chart, values))


def _over_time(facts: Facts) -> Figure:
    total = facts.clock.total
    unit, seconds = next(
        (name, size) for name, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
        if total > 2 * size or size == 1
    )  # fmt: skip
    values = [facts.score(trial) for trial in facts.trials]
    chart = Chart(
        f"{facts.metric} of each trial and the best so far, by wall time",
        x=f"wall time ({unit})",
        y=facts.metric,
        x_limits=(0, total / seconds * 1.01 or 1.0),
        y_limits=_room(facts, values),
    )
    at = {t.number: facts.clock.at(t.finished_at) / seconds for t in facts.trials}
    _dots(chart, facts, at)
    xs, ys = _best_so_far(facts)
    chart.line([at[facts.trials[x].number] for x in xs], ys, "main", "best so far", step=True)
    parallel = facts.train_seconds / total if total else 0.0
    return Figure(
        "Best so far, over time",
        chart.html(),
        f"{duration(facts.train_seconds)} of training in {duration(total)} of wall time: "
        f"{parallel:.1f} trials at a time. Pauses between runs are left out."
        + _outside(chart, values),
    )


def _curves(facts: Facts) -> Figure | None:
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
        f"{name} of each epoch, a line a trial",
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
        chart.segments(pairs, kind, {"stopped": "stopped early"}.get(status, "a trial"))
    for trial, points in known:
        if trial.trial_id == best:
            chart.line([x for x, _ in points], [y for _, y in points], "main", "the best trial")
    some = f"{len(shown)} of {len(known)} trials. " if len(shown) < len(known) else ""
    return Figure("Learning curves", chart.html(), some + "Each trial's own is in the table below.")


def _points(trial: Trial, name: str) -> list[tuple[float, float]]:
    """Return (epoch, value) of a trial's finite values."""
    found: list[tuple[float, float]] = []
    for epoch in trial.curve:
        value = epoch.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            found.append((float(epoch.get("epoch", len(found) + 1)), float(value)))
    return found


def _dots(chart: Chart, facts: Facts, at: dict[int, float]) -> None:
    """Draw each trial's metric; random draws and stopped trials in colours of their own."""
    random = {trial.number for trial in random_trials(facts)}
    if len(random) == len(facts.scored):
        random = set()  # nothing to tell apart
    scored = {trial.number for trial in facts.scored}
    groups = (
        ("warn", "stopped early", [t for t in facts.trials if t.status == "stopped"]),
        ("other", "random draw", [t for t in facts.scored if t.number in random]),
        ("plain", "trial", [t for t in facts.trials if t.number in scored - random]),
    )
    for kind, name, trials in groups:
        trials = [t for t in trials if not math.isnan(facts.score(t))]
        numbers = [t.number for t in trials]
        ys = [facts.score(t) for t in trials]
        chart.dots([at[n] for n in numbers], ys, kind, name, numbers)


def _best_so_far(facts: Facts) -> tuple[list[int], list[float]]:
    """Return the places among the finished trials where the best changed, with its value."""
    xs: list[int] = []
    ys: list[float] = []
    counted = {trial.trial_id for trial in facts.scored}
    for place, trial in enumerate(facts.trials):
        if trial.trial_id in counted:
            value = facts.score(trial)
            if not ys or (value > ys[-1] if facts.larger_is_better else value < ys[-1]):
                xs.append(place)
                ys.append(value)
    return [*xs, len(facts.trials) - 1], [*ys, ys[-1]]


def _room(facts: Facts, values: list[float]) -> tuple[float, float]:
    return without_outliers(values, facts.larger_is_better) if values else limits(values)


def _outside(chart: Chart, values: list[float]) -> str:
    """Say how many values are drawn at the border because they are far worse than the others."""
    count = sum(1 for v in values if math.isfinite(v) and not chart.y.low <= v <= chart.y.high)
    return f" {count} far worse ones are drawn at the border." if count else ""
