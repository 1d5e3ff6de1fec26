"""The supernets of `darts`: how they trained, and how the strengths of their options moved."""

from typing import Any

from raynas.report.drawing.chart import Chart
from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.scale import limits
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial
from raynas.space import describe
from raynas.space.relaxation import mixtures

UNDECIDED = 0.02
"""How much stronger than the next option the strongest must be at least, to be called chosen."""
LEAST_SPAN = 0.02
"""Of a picture of strengths: what moves by less looks as flat as it is."""
DRAWN = 8
"""Mixtures of a supernet that are drawn: those that moved most."""

SHARES = {
    "supernet_val_accuracy": ("main", "validation accuracy"),
    "supernet_train_accuracy": ("plain", "training accuracy"),
    "alpha_entropy": ("other", "entropy of alphas (1: undecided)"),
}
"""What is drawn from 0 to 1 over the epochs: its colour and name."""


def alphas(facts: Facts) -> Section | None:
    """Draw each supernet; None where there is none."""
    figures = [
        figure
        for trial in facts.trials
        if (curve := [epoch for epoch in trial.curve if "strengths" in epoch])
        for figure in _supernet(trial, curve)
    ]
    return Section("alphas", "The supernet", figures=figures) if figures else None


def _supernet(trial: Trial, curve: list[dict[str, Any]]) -> list[Figure]:
    options = {m["path"]: m["options"] for m in mixtures(trial.architecture.value)}
    moved = {path: _movement([epoch["strengths"][path] for epoch in curve]) for path in options}
    most = sorted(options, key=lambda path: -moved[path])[:DRAWN]
    shown = [path for path in options if path in most]
    return [
        _training(trial, curve),
        *(_mixture(trial, curve, path, options[path]) for path in shown),
    ]


def _movement(strengths: list[list[float]]) -> float:
    """Return by how much the strengths of a mixture changed from the first epoch to the last."""
    return sum(abs(b - a) for a, b in zip(strengths[0], strengths[-1], strict=True))


def _training(trial: Trial, curve: list[dict[str, Any]]) -> Figure:
    epochs = [epoch["epoch"] for epoch in curve]
    chart = Chart(
        f"Accuracies of supernet trial {trial.number} and the entropy of its alphas by epoch",
        x="epoch",
        whole_x=True,
        y="share",
        x_limits=limits(epochs),
        y_limits=(0.0, 1.0),
    )
    for name, (kind, words) in SHARES.items():
        if all(name in epoch for epoch in curve):
            chart.line(epochs, [epoch[name] for epoch in curve], kind, words)
    last = curve[-1]
    warnings = "".join(f" {warning}." for warning in trial.proposal.notes.get("warnings", ()))
    return Figure(
        f"Supernet trial {trial.number}",
        chart.html(),
        f"{_verdict(last)}: {describe(last['architecture'])}, with "
        f"{last['skips']:g} skips and {last['nones']:g} nones.{warnings}",
    )


def _verdict(last: dict[str, Any]) -> str:
    """Say whether the strengths of the last epoch decide what is derived from them."""
    gaps = [
        top - second
        for top, second, *_ in (
            sorted(row, reverse=True) for row in last["strengths"].values() if len(row) > 1
        )
    ]
    close = sum(gap < UNDECIDED for gap in gaps)
    if not close:
        return f"Derived after epoch {last['epoch']}"
    where = f"at {close} of {len(gaps)} decisions the two strongest options differ by less than "
    if close == len(gaps):
        return (
            f"Undecided after epoch {last['epoch']}: {where}{UNDECIDED:g}. What the slightly "
            "stronger ones would give"
        )
    return f"Partly undecided after epoch {last['epoch']}: {where}{UNDECIDED:g}. Derived"


def _mixture(trial: Trial, curve: list[dict[str, Any]], path: str, options: list[Any]) -> Figure:
    epochs = [epoch["epoch"] for epoch in curve]
    rows = [epoch["strengths"][path] for epoch in curve]
    low, high = limits(value for row in rows for value in row)
    room = max(0.0, LEAST_SPAN - (high - low)) / 2
    chart = Chart(
        f"Strengths of the options of {path} in supernet trial {trial.number} by epoch",
        x="epoch",
        whole_x=True,
        y="strength",
        x_limits=limits(epochs),
        y_limits=(low - room, high + room),
        height=220,
    )
    for place, option in enumerate(options):
        words = option if isinstance(option, str) else describe(option)
        chart.line(epochs, [row[place] for row in rows], f"c{place % 10}", words)
    return Figure(f"Strengths at {path}", chart.html())
