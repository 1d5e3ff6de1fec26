"""What the validation accuracies can tell: the interval of the best, and who lies within it."""

from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import table
from raynas.report.facts.facts import Facts
from raynas.report.facts.standing import certainty


def trust(facts: Facts) -> Section | None:
    """Say how sure the order of the trials is; None where that is not known."""
    known = certainty(facts)
    if known is None:
        return None
    if known.is_chance:
        verdict = (
            "No trial is shown to be better than always answering the most frequent class: the "
            "order of the trials means nothing."
        )
    elif known.within > 1:
        verdict = (
            f"Within the interval of the best: {known.within} of {known.trials} {facts.unit}s. "
            "Their order may be luck; of networks that are about as good, the cheapest will do."
        )
    else:
        verdict = f"Within the interval of the best: 1 of {known.trials} {facts.unit}s, itself."
    rows: list[list[object]] = [
        ["validation samples", f"{known.samples:,}"],
        ["always the most frequent class", f"{known.majority:.4f}"],
        [f"accuracy of the best, {facts.unit} {known.best.number}", f"{known.accuracy:.4f}"],
        ["its 95 % interval (Wilson)", f"{known.low:.4f} to {known.high:.4f}"],
    ]
    return Section(
        "trust",
        "How sure it is",
        verdict,
        [
            Figure(
                "Validation accuracy",
                table(["", "accuracy"], rows),
                "The interval is that of one network on samples drawn anew. All were validated on "
                "the same samples, so small differences between them may be real; but the best of "
                "many was chosen for its luck, too. The test accuracy is free of that.",
            )
        ],
    )
