"""A run that goes on as a picture: a bar, the best so far, a line a trial that is being trained."""

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from raynas.engine.ledger import Ledger, Running
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.space import describe
from raynas.terminal.fitted import Fitted

SHOWN = 16
"""Running trials that are shown."""
BEST_LINES = 3
"""Lines for the best so far; a large architecture takes more than a terminal has."""
WIDE = 110
"""Columns from which on there is room for a bar of full length beside the counts."""


def run_picture(ledger: Ledger, counts: str, unit: str, width: int) -> RenderableType:
    """Return the picture for so many columns; `counts` says in markup how far the run is."""
    total: float | None = ledger.total
    completed: float = ledger.done
    if total is None and ledger.limit.seconds is not None:
        total, completed = ledger.limit.seconds, min(ledger.limit.spent_s, ledger.limit.seconds)
    bar = ProgressBar(total=total, completed=completed, width=40 if width >= WIDE else 14)
    head = Table.grid(padding=(0, 1))
    head.add_row(bar, counts)
    return Group(head, _best(ledger, unit), *_running(ledger, unit))


def words_of(trial: Trial, ledger: Ledger, unit: str) -> str:
    """Say in markup how good a trial is and what it is."""
    metric = ledger.config.metric
    params = trial.metrics.get("params")
    cost = f", {params:,.0f} parameters" if params is not None and metric != "params" else ""
    return (
        f"{metric} {metric_text(metric, trial.metrics[metric])} ({unit} {trial.number}{cost}): "
        f"{escape(describe(trial.architecture.value))}"
    )


def running_words(trial: Running) -> str:
    """Say what is trained; of a supernet, how it does and what is derived now."""
    supernet = trial.proposal.supernet
    if supernet is None:
        return describe(trial.proposal.architecture.value)
    if not trial.curve:
        return "supernet"
    now = trial.curve[-1]
    return (
        f"supernet, epoch {now['epoch']}/{supernet.all_epochs}, accuracy "
        f"{now['supernet_val_accuracy']:.4f}, entropy of alphas {now['alpha_entropy']:.3f}, "
        f"{now['skips']:g} skips, {now['nones']:g} nones: {describe(now['architecture'])}"
    )


def _best(ledger: Ledger, unit: str) -> RenderableType:
    if not ledger.best:
        return Text(f"no {unit} is finished yet", style="dim")
    words = f"[green]best[/green] {words_of(ledger.best[0], ledger, unit)}"
    return Fitted(Text.from_markup(words), most=BEST_LINES)


def _running(ledger: Ledger, unit: str) -> list[RenderableType]:
    """Write one line a trial that is being trained, cut to the width of the terminal."""
    running = list(ledger.running.values())
    lines: list[RenderableType] = []
    for trial in running[:SHOWN]:
        value = (trial.metrics or {}).get(ledger.config.metric)
        supernet = trial.proposal.supernet
        epochs = ledger.config.epochs if supernet is None else supernet.all_epochs
        epoch = f"epoch {trial.epoch}/{epochs}"
        lines.append(
            Text.assemble(
                (f"{unit} {trial.proposal.number:<4} ", "cyan"),
                f"{epoch:<13}",
                f"{'' if value is None else metric_text(ledger.config.metric, value):<9}",
                (running_words(trial), "dim"),
                no_wrap=True,
                overflow="ellipsis",
            )
        )
    if len(running) > SHOWN:
        lines.append(Text(f"… and {len(running) - SHOWN} more", style="dim"))
    return lines
