"""The decisions that mattered, and what their options were worth, drawn with their uncertainty."""

import numpy as np
from markupsafe import Markup

from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.label_layout import SeenOptions, options_of
from raynas.report.drawing.scale import Scale, even_ticks, limits, tick_texts
from raynas.report.drawing.svg import path, picture, text
from raynas.report.facts.facts import Facts
from raynas.report.sections.importance import LEAST, Importance, judge, thinned

SHOWN, DETAILED = 12, 6
"""Decisions in the ranking, and those whose options are compared."""
NAMED = 1000
"""Architectures from which the names of options are read."""
MOST_OPTIONS = 12
ABSENT = -1
"""In place of an option's index, where an architecture does not come to the decision."""
DRAWS = 500
FORETOLD = 0.1
"""R² below which a ranking would be noise."""
WIDTH, ROW, NAMES = 480, 24, 186
LONGEST = 27
"""Characters of a row's name."""


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
        Figure(one.path, _compared(facts, options[one.path]))
        for one in top[:DETAILED]
        if one.path in options
    ]
    chosen = facts.config.strategy not in ("random", "grid")
    company = (
        " The strategy tried some options in better company than others, so a difference need not "
        "be the option's own."
        if chosen
        else ""
    )
    intro = f"Of each option, the mean {facts.metric} of the trials that took it.{company}"
    return Section("decisions", title, intro, figures)


def _end(name: str) -> str:
    """Shorten a path or an option, at its beginning: the end says most."""
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]


def _ranking(ranking: list[Importance]) -> Markup:
    low, high = limits([0.0, *(x for one in ranking for x in (one.low, one.high))], 0.02)
    rows = [(one.path, one.mean, one.low, one.high, "") for one in ranking]
    return _rows(rows, (min(0.0, low), high), "by how much R² falls", bars=True)


def _compared(facts: Facts, decision: SeenOptions) -> Markup:
    """Draw the mean of each option's trials, with a 95 % interval from resampling them.

    Architectures that do not come to the decision are a row of their own.
    """
    rng = np.random.default_rng(0)
    groups: dict[int, list[float]] = {}
    for trial in facts.scored:
        index = trial.architecture.picks.get(decision.path, ABSENT)
        groups.setdefault(index, []).append(facts.score(trial))
    kept = sorted(sorted(groups, key=lambda index: -len(groups[index]))[:MOST_OPTIONS])
    rows = []
    for index in kept:
        values = np.array(groups[index])
        mean, low, high = float(values.mean()), float("nan"), float("nan")
        if len(values) > 2:
            means = rng.choice(values, (DRAWS, min(len(values), 2000))).mean(axis=1)
            low, high = map(float, np.quantile(means, (0.025, 0.975)))
        unknown = "no such part" if index == ABSENT else f"option {index}"
        name = decision.labels.get(index, unknown)
        rows.append((name, mean, low, high, f"{len(values)}"))
    spread = limits([x for row in rows for x in row[1:4]])
    return _rows(rows, spread, f"mean {facts.metric} (number of trials)", bars=False)


def _rows(
    rows: list[tuple[str, float, float, float, str]],
    spread: tuple[float, float],
    axis: str,
    bars: bool,
) -> Markup:
    """Draw a row for each (name, value, low, high, remark)."""
    remarks = any(row[4] for row in rows)
    scale = Scale(*spread, NAMES, WIDTH - (44 if remarks else 14))
    bottom = len(rows) * ROW + 6
    parts = []
    ticks = even_ticks(*spread, about=4)
    if len(ticks) < 3:
        ticks = even_ticks(*spread, about=8)
    for tick, words in zip(ticks, tick_texts(ticks), strict=True):
        parts.append(path("grid", f"M{scale(tick):.1f} 2V{bottom}"))
        parts.append(text(words, scale(tick), bottom + 15, "tick middle"))
    for place, (name, value, low, high, remark) in enumerate(rows):
        y = place * ROW + ROW / 2 + 4
        parts.append(text(_end(name), NAMES - 8, y + 4, "tick end"))
        if bars:
            parts.append(
                path("bar", f"M{scale(0):.1f} {y - 7}H{scale(value):.1f}v14H{scale(0):.1f}Z")
            )
        if np.isfinite(low):
            parts.append(path("line spread", f"M{scale(low):.1f} {y}H{scale(high):.1f}"))
        if not bars:
            parts.append(path("dots main", f"M{scale(value):.1f} {y}h0"))
        parts.append(text(remark, WIDTH - 6, y + 4, "tick end"))
    parts.append(text(axis, (NAMES + WIDTH) / 2, bottom + 34, "name middle"))
    return picture("chart rows", (0, 0, WIDTH, bottom + 40), axis, parts)
