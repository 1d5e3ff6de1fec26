"""The decisions that mattered, and what their options were worth, drawn with their uncertainty."""

from itertools import accumulate
from math import exp, lgamma, log
from statistics import median

from markupsafe import Markup

from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.label_layout import SeenOptions, options_of
from raynas.report.drawing.row_chart import RowChart
from raynas.report.drawing.scale import limits, without_outliers
from raynas.report.facts.facts import Facts
from raynas.report.sections.importance import LEAST, Importance, judge, thinned
from raynas.runs.trial import Trial

SHOWN, DETAILED = 12, 6
"""Decisions in the ranking, and those whose options are compared."""
NAMED = 1000
"""Architectures from which the names of options are read."""
MOST_OPTIONS = 12
ABSENT = -1
"""In place of an option's index, where an architecture does not come to the decision."""
STRIP = 80
"""Trials of an option that are drawn."""
FORETOLD = 0.1
"""R² below which a ranking would be noise."""


def decisions(facts: Facts) -> Section:
    """Rank the decisions, and compare the options of the first ones; or say why not."""
    title = "Which decisions mattered"
    if len(facts.scored) < LEAST:
        count = len(facts.scored)
        have = "has" if count == 1 else "have"
        why = f"Too few trials to tell: {count} {have} a result, and {LEAST} are the least."
        return Section("decisions", title, why)
    ranking = judge(facts)
    if ranking is None:
        return Section("decisions", title, "Nothing to tell: all trials have the same result.")
    if ranking.r2 < FORETOLD:
        return Section(
            "decisions",
            title,
            f"Cannot be told from these {ranking.trials} trials: a random forest that has seen "
            f"four fifths of them does not foretell the others (R² {ranking.r2:.2f}).",
        )
    options = options_of(t.architecture for t in thinned(facts.scored, NAMED))
    top = [one for one in ranking.decisions if one.high > 0][:SHOWN]
    figures = [
        Figure(
            "Importance of each decision",
            _ranking(top),
            f"A random forest foretells {facts.metric} of unseen trials with R² {ranking.r2:.2f}. "
            "A bar says by how much that falls when what was picked there is shuffled; the line "
            f"spans four fifths of ten forests. {ranking.trials} trials.",
        )
    ]
    figures += [
        _compared(facts, options[one.path]) for one in top[:DETAILED] if one.path in options
    ]
    chosen = facts.config.strategy not in ("random", "grid")
    company = (
        " The strategy tried some options in better company than others, so a difference need not "
        "be the option's own."
        if chosen
        else ""
    )
    intro = (
        f"Of each option, a dot a trial that took it, and the median of their {facts.metric} with "
        f"its 95 % interval.{company}"
    )
    return Section("decisions", title, intro, figures)


def _ranking(ranking: list[Importance]) -> Markup:
    low, high = limits([0.0, *(x for one in ranking for x in (one.low, one.high))], 0.02)
    chart = RowChart(
        [(one.path, "") for one in ranking], (min(0.0, low), high), "by how much R² falls"
    )
    for place, one in enumerate(ranking):
        chart.bar(place, one.mean)
        chart.span(place, one.low, one.high)
    return chart.html()


def _compared(facts: Facts, decision: SeenOptions) -> Figure:
    """Draw a row an option: its trials, and their median with its 95 % interval.

    Architectures that do not come to the decision are a row of their own.
    """
    groups: dict[int, list[Trial]] = {}
    for trial in facts.scored:
        groups.setdefault(trial.architecture.picks.get(decision.path, ABSENT), []).append(trial)
    kept = sorted(sorted(groups, key=lambda index: -len(groups[index]))[:MOST_OPTIONS])
    names = {ABSENT: "no such part", **decision.labels}
    rows = [(names.get(index, f"option {index}"), str(len(groups[index]))) for index in kept]
    values = [facts.score(trial) for index in kept for trial in groups[index]]
    low, high = without_outliers(values, facts.larger_is_better)
    chart = RowChart(rows, (low, high), f"{facts.metric} (number of trials)")
    for place, index in enumerate(kept):
        shown = thinned(groups[index], STRIP)
        chart.strip(place, [facts.score(t) for t in shown], [t.number for t in shown])
        ordered = sorted(facts.score(trial) for trial in groups[index])
        interval = median_interval(ordered)
        if interval is not None:
            chart.span(place, *interval)
        chart.mark(place, median(ordered))
    left_out, far = len(groups) - len(kept), sum(not low <= value <= high for value in values)
    remarks = [f"{left_out} options that fewer trials took are left out."] * bool(left_out)
    remarks += [f"{far} far worse ones are drawn at the border."] * bool(far)
    return Figure(decision.path, chart.html(), " ".join(remarks))


def median_interval(ordered: list[float]) -> tuple[float, float] | None:
    """Return the 95 % interval of the median of sorted values; None where they are too few.

    It is exact, from order statistics: so many of n draws lie below the median as heads of n coins.
    """
    count = len(ordered)
    logs = (lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) for k in range(count // 2))
    below = accumulate(exp(log_ways - count * log(2)) for log_ways in logs)
    place = sum(chance <= 0.025 for chance in below) - 1
    return None if place < 0 else (ordered[place], ordered[count - 1 - place])
