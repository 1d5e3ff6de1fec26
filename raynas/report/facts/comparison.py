"""Other runs beside this one: which can be compared with it, and in what they differ."""

from raynas.report.drawing.figure import Figure
from raynas.report.drawing.page_table import table
from raynas.report.facts.facts import Facts
from raynas.runs.wording import duration, method_in_words

COUNTED = ("space", "epochs", "scheduler", "workers_per_trial", "seed")
"""Options of a run, besides those in `options`, that decide what a result is worth."""


def check_comparable(facts: Facts, other: Facts) -> None:
    """Refuse what cannot stand in one picture.

    Raises:
        ValueError: the other run has no result, or another metric or data set.
    """
    if facts.origin or other.origin:
        which = facts if facts.origin else other
        raise ValueError(f"compare: expected searches, and {which.uri} is a retraining")
    for option in ("metric", "data"):
        ours, theirs = getattr(facts.config, option), getattr(other.config, option)
        if ours != theirs:
            raise ValueError(
                f"compare: expected a run of {option} {ours}, as {facts.uri} is, got {theirs} in "
                f"{other.uri}"
            )
    if not other.scored:
        raise ValueError(f"compare: {other.uri} has no completed trial yet")


def differences(facts: Facts, other: Facts, but: str = "") -> list[str]:
    """Say what besides the strategy is not the same, option by option, `but` one left out."""
    lines = [
        f"{name} {theirs} (here {ours})"
        for name in COUNTED
        if name != but
        and (ours := getattr(facts.config, name)) != (theirs := getattr(other.config, name))
    ]
    if facts.config.space == other.config.space and facts.space_source != other.space_source:
        lines.append(f"another version of the space {facts.config.space}")
    ours, theirs = facts.config.options, other.config.options
    return lines + [
        f"{name} {theirs[name]} (here {value})"
        for name, value in ours.items()
        if name in theirs and theirs[name] != value
    ]


def compared(facts: Facts) -> Figure:
    """List this run and the others, with what differs."""
    rows: list[list[object]] = []
    for run in (facts, *facts.others):
        best = run.ranked[0] if run.ranked else None
        rows.append(
            [
                run.config.name,
                method_in_words(run.config),
                len(run.trials),
                f"{run.told(best)} (trial {best.number})" if best else "",
                duration(run.train_seconds),
                duration(run.clock.total),
                "" if run is facts else ", ".join(differences(facts, run)) or "nothing",
            ]
        )
    head = ["run", "strategy", "trials", f"best {facts.metric}", "training", "wall time",
            "what else differs"]  # fmt: skip
    return Figure(
        "Compared runs",
        table(head, rows),
        "One run of each says little: another seed would give other lines. Wall time is that of "
        "the machine which each ran on.",
        wide=True,
    )
