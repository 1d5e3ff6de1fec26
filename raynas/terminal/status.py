"""What a run folder says, for a person: while it runs, and at the end."""

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from raynas.options.run_options import RunOptions
from raynas.runs.found_network import Origin
from raynas.runs.ranking import ranked
from raynas.runs.run_folder import RunFolder, foreign_words, open_run
from raynas.runs.trial import Trial
from raynas.runs.wording import (
    derived_words,
    done_of,
    go_on,
    infeasible_words,
    method_in_words,
    metric_text,
    roughly,
    trials_in_words,
)
from raynas.space import describe

SHOWN = 5
"""Trials in the list of the best."""


def show_status(path: str, console: Console) -> None:
    """Print progress, the best trials and the failures of a run.

    Raises:
        ValueError: there is no run folder at `path`.
    """
    run = open_run(path)
    trials = list(run.trials())
    state = run.state(len(trials))
    for part in status_of(run, trials, state):
        console.print(part)
    if words := foreign_words(run):
        console.print(escape(words))
    if state == "interrupted":
        console.print(escape(go_on(path)))


def status_of(run: RunFolder, trials: list[Trial], state: str) -> list[RenderableType]:
    """Return what there is to say of a run: where it is, its best trials, its failures."""
    failed = [trial for trial in trials if trial.status == "failed"]
    origin = run.origin()
    parts: list[RenderableType] = [
        f"[bold]{escape(run.config.name)}[/bold]: {escape(progress_in_words(run, trials, state))}",
        escape(subject_in_words(run.config, origin)),
    ]
    if words := infeasible_words(trials):
        parts.append(words)
    best = ranked(trials, run)[:SHOWN]
    if best:
        if origin:
            parts.append(escape(describe(best[0].architecture.value)))
        parts.append(_seeds(best) if origin else _table(best, run.config.metric))
    for trial in trials:
        if trial.derived is not None:
            parts.append(f"supernet trial {trial.number}: {escape(derived_words(trial))}")
    for trial in failed[:SHOWN]:
        parts.append(f"[red]failed[/red] {run.unit} {trial.number}: {escape(str(trial.error))}")
    if len(failed) > SHOWN:
        parts.append(f"… and {len(failed) - SHOWN} more failed {run.unit}s, in trials/")
    return parts


def progress_in_words(run: RunFolder, trials: list[Trial], state: str) -> str:
    """Say how far a run is: "running, 12 of 30 trials done, 2 stopped early, 1 failed"."""
    failed = sum(trial.status == "failed" for trial in trials)
    early = sum(trial.status == "stopped" for trial in trials)
    plural = "" if len(trials) == 1 and run.config.trials is None else "s"
    return (
        f"{state}, {done_of(len(trials), run.config)} {run.unit}{plural} done, "
        f"{f'{early} stopped early, ' if early else ''}{failed} failed"
    )


def subject_in_words(config: RunOptions, origin: Origin | None) -> str:
    """Say what is searched, how, and on what; of a retraining, what is trained in full."""
    if origin:
        return (
            f"full training of trial {origin.number} of {origin.run} on {config.data}, "
            f"{config.trials} seed{'' if config.trials == 1 else 's'} of {config.epochs} epochs, "
            f"best by {config.metric}"
        )
    return (
        f"{config.space} searched by {method_in_words(config)} on {config.data}, "
        f"{trials_in_words(config)}, best by {config.metric}{roughly(config.metric)}"
    )


def _seeds(trials: list[Trial]) -> Table:
    """List what each seed of a retraining reached, on the test data too."""
    names = [name for name in ("val_accuracy", "test_accuracy") if name in trials[0].metrics]
    table = _columns("seed", *names)
    for trial in trials:
        table.add_row(
            str(trial.number), *(metric_text(name, trial.metrics[name]) for name in names)
        )
    return table


def _columns(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in names:
        table.add_column(name, no_wrap=name != "architecture")
    return table


def _table(trials: list[Trial], metric: str) -> Table:
    table = _columns("trial", metric, "parameters", "architecture")
    for trial in trials:
        table.add_row(
            str(trial.number),
            metric_text(metric, trial.metrics[metric]),
            f"{trial.metrics.get('params', 0):,.0f}",
            escape(describe(trial.architecture.value)),
        )
    return table
