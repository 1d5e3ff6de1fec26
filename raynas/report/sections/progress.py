"""How the best came about: over trials, over time, and the learning curves behind it."""

import math

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.scale import without_outliers
from raynas.report.facts.baseline import baseline, random_trials
from raynas.report.facts.comparison import compared
from raynas.report.facts.facts import Facts
from raynas.report.sections.curves import learning_curves
from raynas.runs.wording import duration, infeasible_words


def progress(facts: Facts) -> Section:
    """Draw the best so far over trials and over wall time, and all learning curves."""
    if not facts.scored:
        return Section("progress", "Progress", "No trial has a result yet.")
    figures = [_over_trials(facts), _over_time(facts)]
    if facts.others:
        figures.append(compared(facts))
    curves = learning_curves(facts)
    words = infeasible_words(facts.trials)
    note = f"{words[0].upper()}{words[1:]}." if words else ""
    return Section("progress", "Progress", note, [*figures, curves] if curves else figures)


def _over_trials(facts: Facts) -> Figure:
    random = baseline(facts)
    chart = Chart(
        f"{facts.metric} of each trial and the best so far, by finished trials",
        x="finished trials",
        whole_x=True,
        y=facts.metric,
        x_limits=(0, max(len(run.trials) for run in (facts, *facts.others)) + 0.5),
        y_limits=_room(facts),
    )
    caption = ""
    if random is not None:
        draws = list(range(1, len(random.mean) + 1))
        chart.band(draws, list(random.low), list(random.high), "other", "80 % of random searches")
        chart.line(draws, list(random.mean), "other", "random, expected")
        caption = (
            f"The expected best of k random draws is computed from the {len(draws)} trials "
            f"{random.source}; it ends with them."
        )
    _dots(chart, facts, {t.number: place for place, t in enumerate(facts.trials, start=1)})
    for run, kind, name in _lines(facts):
        xs, ys = _best_so_far(run)
        chart.line([x + 1 for x in xs], ys, kind, name, step=True)
    return Figure("Best so far, over trials", chart.html(), caption + _outside(chart, facts))


def _over_time(facts: Facts) -> Figure:
    total = facts.clock.total
    longest = max(run.clock.total for run in (facts, *facts.others))
    unit, seconds = next(
        (name, size) for name, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
        if longest > 2 * size or size == 1
    )  # fmt: skip
    chart = Chart(
        f"{facts.metric} of each trial and the best so far, by wall time",
        x=f"wall time ({unit})",
        y=facts.metric,
        x_limits=(0, longest / seconds * 1.01 or 1.0),
        y_limits=_room(facts),
    )
    _dots(chart, facts, {t.number: facts.clock.at(t.finished_at) / seconds for t in facts.trials})
    for run, kind, name in _lines(facts):
        xs, ys = _best_so_far(run)
        ends = [run.clock.at(run.trials[x].finished_at) / seconds for x in xs]
        chart.line(ends, ys, kind, name, step=True)
    parallel = facts.train_seconds / total if total else 0.0
    return Figure(
        "Best so far, over time",
        chart.html(),
        f"{duration(facts.train_seconds)} of training in {duration(total)} of wall time: "
        f"{parallel:.1f} trials at a time. {_counted(facts)}" + _outside(chart, facts),
    )


def _counted(facts: Facts) -> str:
    """Say what counts as wall time."""
    if facts.started:
        return (
            "It counts from the start of the run, Ray and its workers included, to its last "
            "finished trial; pauses before a resume are left out."
        )
    return (
        "It counts while some finished trial was being trained: the start of Ray and its workers "
        "is not known of this run, and pauses are left out."
    )


def _lines(facts: Facts) -> list[tuple[Facts, str, str]]:
    """Return each run whose best so far is drawn, with its colour and name, this one last."""
    others = [
        (other, f"c{number % 9 + 1}", f"best so far of {other.config.name}")
        for number, other in enumerate(facts.others)
    ]
    return [*others, (facts, "main", "best so far")]


def _dots(chart: Chart, facts: Facts, at: dict[int, float]) -> None:
    """Draw each trial's metric; random draws and stopped trials in colours of their own."""
    random = {trial.number for trial in random_trials(facts)}
    if len(random) == len(facts.scored):
        random = set()  # nothing to tell apart
    plain = {trial.number for trial in facts.scored} - random
    groups = (
        ("warn", "stopped early", [t for t in facts.trials if t.status == "stopped"]),
        ("other", "random draw", [t for t in facts.scored if t.number in random]),
        ("plain", "trial", [t for t in facts.trials if t.number in plain]),
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


def _room(facts: Facts) -> tuple[float, float]:
    values = [facts.score(trial) for trial in facts.trials]
    best = [value for other in facts.others for value in _best_so_far(other)[1]]
    return without_outliers([*values, *best], facts.larger_is_better)


def _outside(chart: Chart, facts: Facts) -> str:
    """Say how many values are drawn at the border because they are far worse than the others."""
    values = (facts.score(trial) for trial in facts.trials)
    count = sum(1 for v in values if math.isfinite(v) and not chart.y.low <= v <= chart.y.high)
    return f" {count} far worse ones are drawn at the border." if count else ""
