"""A retraining: what each seed of the one architecture reached."""

from raynas.report.drawing.figure import Figure, Section
from raynas.report.drawing.page_table import table, trial_link
from raynas.report.facts.facts import Facts
from raynas.report.sections.curves import learning_curves
from raynas.runs.wording import spread

COLUMNS = {
    "val_accuracy": "validation accuracy",
    "val_loss": "validation loss",
    "test_accuracy": "test accuracy",
    "test_f1": "test F1",
}


def seeds(facts: Facts) -> Section:
    """List the seeds with mean and spread, and draw their learning curves."""
    if not facts.scored:
        return Section("seeds", "The seeds", "No seed has a result yet.")
    trials = sorted(facts.scored, key=lambda trial: trial.number)
    names = [name for name in COLUMNS if all(name in trial.metrics for trial in trials)]
    rows: list[list[object]] = [
        [trial_link(t.number), *(f"{t.metrics[name]:.4f}" for name in names)] for t in trials
    ]
    reached = [trial.metrics for trial in trials]
    if len(trials) > 1:
        rows.append(["mean ± deviation", *(spread(reached, name) for name in names)])
    listed = Figure(
        "What each reached",
        table(["seed", *(COLUMNS[name] for name in names)], rows),
        "Each is trained on the training split, watched on the validation split, and its last "
        "weights are measured once on the test data. The best by validation is the network.",
        wide=True,
    )
    curves = learning_curves(facts)
    return Section("seeds", "The seeds", figures=[listed, curves] if curves else [listed])
