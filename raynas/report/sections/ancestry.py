"""Where architectures come from: parents and children, and the line that led to the best."""

from itertools import pairwise
from typing import Any

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.label_layout import label
from raynas.report.drawing.op_names import plain
from raynas.report.drawing.page_table import table, trial_link
from raynas.report.drawing.scale import without_outliers
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial
from raynas.space import describe

CHANGES = 3
"""Changed decisions that are named for a child; a mutation changes one and what it opens."""


def ancestry(facts: Facts) -> Section | None:
    """Draw who descends from whom; None where no trial has parents."""
    scored = {trial.number: trial for trial in facts.scored}
    pairs = [
        (scored[parent], trial)
        for trial in facts.scored
        for parent in trial.proposal.parents
        if parent in scored
    ]
    if not pairs:
        return None
    ys = [facts.score(trial) for trial in facts.scored]
    chart = Chart(
        "each trial by the order of its proposal, joined to its parents",
        x="trial",
        whole_x=True,
        y=facts.metric,
        x_limits=(-0.5, max(scored) + 0.5),
        y_limits=without_outliers(ys, facts.larger_is_better),
    )

    def joined(parent: Trial, child: Trial) -> tuple[float, float, float, float]:
        return parent.number, facts.score(parent), child.number, facts.score(child)

    chart.segments((joined(*pair) for pair in pairs), "thin", "parent and child")
    numbers = [trial.number for trial in facts.scored]
    chart.dots(numbers, ys, "plain", "trial", numbers)
    line = lineage(facts)
    chart.segments((joined(a, b) for a, b in pairwise(line)), "main", "the best's ancestors")
    chart.dots([t.number for t in line], [facts.score(t) for t in line], "main", "",
               [t.number for t in line])  # fmt: skip
    better = sum(facts.better(child, parent) for parent, child in pairs)
    caption = f"{better} of {len(pairs)} children are better than a parent of theirs."
    rows = [_row(facts, *pair) for pair in zip([None, *line], line, strict=False)]
    return Section(
        "ancestry",
        "Ancestry",
        figures=[
            Figure("Parents and children", chart.html(), caption),
            Figure("How the best came about", table(["trial", facts.metric, "change"], rows)),
        ],
    )


def lineage(facts: Facts) -> list[Trial]:
    """Return the best trial and its first parents, the oldest first."""
    line = [facts.ranked[0]]
    while line[0].proposal.parents:
        parent = facts.by_number.get(line[0].proposal.parents[0])
        if parent is None or parent in line:
            break
        line.insert(0, parent)
    return line


def _row(facts: Facts, parent: Trial | None, child: Trial) -> list[object]:
    if parent is None:
        change = describe(child.architecture.value)
    else:
        changes = _changes(parent, child)
        more = f" and {len(changes) - CHANGES} more" if len(changes) > CHANGES else ""
        change = "; ".join(changes[:CHANGES]) + more
    others = child.proposal.parents[1:]
    crossed = f" (crossed with trial {', '.join(map(str, others))})" if others else ""
    return [trial_link(child.number), facts.told(child), change + crossed]


def _changes(parent: Trial, child: Trial) -> list[str]:
    """Say which decisions differ, in the order of the walk: "layers/0/units: 16 → 32"."""
    before, after = parent.architecture, child.architecture

    def said(architecture: Any, path: str) -> str:
        index = architecture.picks[path]
        return plain(label(path, architecture.value, architecture.picks) or f"option {index}")

    changes = []
    for path, index in after.picks.items():
        if path not in before.picks:
            changes.append(f"{path}: new, {said(after, path)}")
        elif before.picks[path] != index:
            changes.append(f"{path}: {said(before, path)} → {said(after, path)}")
    gone = [path for path in before.picks if path not in after.picks]
    return [*changes, *(f"{path}: gone" for path in gone)]
