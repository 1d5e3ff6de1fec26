"""What failed, and why: equal messages together."""

import re
from collections import defaultdict

from markupsafe import Markup

from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import table, trial_link
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial
from raynas.space import describe

SHOWN = 30
"""Different messages in the table."""
LINKED = 8
"""Trials that are named for a message."""


def failures(facts: Facts) -> Section | None:
    """List the messages of failed trials, the most frequent first; None if no trial failed."""
    failed = facts.with_status("failed")
    if not failed:
        return None
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in failed:
        groups[re.sub(r"\d+", "#", str(trial.error))].append(trial)
    ordered = sorted(groups.values(), key=lambda trials: -len(trials))
    rows: list[list[object]] = []
    for trials in ordered[:SHOWN]:
        links = Markup(", ").join(trial_link(trial.number) for trial in trials[:LINKED])
        more = f" and {len(trials) - LINKED} more" if len(trials) > LINKED else ""
        first = describe(trials[0].architecture.value)
        rows.append([len(trials), str(trials[0].error), links + more, first])
    more = f"The {SHOWN} most frequent of {len(ordered)} messages." if len(ordered) > SHOWN else ""
    head = ["trials", "message (of the first one)", "which", "the first one's architecture"]
    return Section(
        "failures",
        "Failures",
        f"{len(failed)} of {len(facts.trials)} trials failed. A failed candidate is recorded and "
        "the search goes on.",
        [Figure("", table(head, rows), more, wide=True)],
    )
