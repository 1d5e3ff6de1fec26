"""How a search or a retraining ended, for a person, and what to type next."""

from shlex import quote

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from raynas.runs.run_folder import REPORT, RunFolder
from raynas.runs.wording import command, more_of, spread


def show_retrained(run: RunFolder, console: Console) -> None:
    """Print what the seeds of a retraining reached, and what to type next."""
    best = run.best()
    if best is None or best.retrained is None or best.searched is None:
        return
    seeds = best.retrained.seeds
    many = f"{len(seeds)} seeds" if len(seeds) > 1 else "1 seed"
    searched = best.searched["val_accuracy"]
    rows = [
        ("architecture", escape(best.description)),
        ("trained", f"{many}, {best.training['epochs']} epochs, on the training split"),
        ("validation", f"accuracy {spread(seeds, 'val_accuracy')} (in the search {searched:.4f})"),
        (
            "test",
            f"accuracy {spread(seeds, 'test_accuracy')}, F1 {spread(seeds, 'test_f1')} "
            "(measured once a seed, at its end)",
        ),
        (
            "network",
            f"{escape(run.folder.uri_of('best'))} (seed {int(best.trial_id.rpartition('_')[2])})",
        ),
    ]
    _show("Retrained", rows, console)
    folder = escape(quote(run.folder.uri))
    console.print(f"  {command()} export {folder}")
    console.print(f"  in Python: net = raynas.load({escape(repr(run.folder.uri))})")


def show_result(run: RunFolder, console: Console) -> None:
    """Print the best architecture of a run that has ended, and what to type next."""
    best = run.best()
    if best is None or best.test is None:
        return
    metrics, test = best.metrics, best.test
    rows = [
        ("architecture", escape(best.description)),
        ("validation", f"accuracy {metrics['val_accuracy']:.4f}, F1 {metrics['val_f1']:.4f}"),
        (
            "test",
            f"accuracy {test['test_accuracy']:.4f}, F1 {test['test_f1']:.4f} "
            "(measured once, now that the search is over)",
        ),
        ("parameters", f"{metrics['params']:,.0f}"),
        ("MACs", f"{metrics['macs']:,.0f} for one input"),
        ("found", f"trial {best.number} of {best.trials}"),
        ("run folder", escape(run.folder.uri)),
        ("report", escape(run.folder.uri_of(REPORT))),
    ]
    _show("Best architecture", rows, console)
    folder = escape(quote(run.folder.uri))
    console.print(f"  {command()} status {folder}")
    console.print(f"  {command()} resume {folder} {more_of(run.config)[1]}")
    console.print(f"  {command()} retrain {folder}")
    console.print(f"  in Python: net = raynas.load({escape(repr(run.folder.uri))})")


def show_best_so_far(run: RunFolder, console: Console) -> None:
    """Print what a search has that was interrupted, in one line."""
    best = run.best()
    if best is None or best.test is None:
        return
    trials = "trial" if best.trials == 1 else "trials"
    console.print(
        f"The best network of {best.trials} {trials} is in {escape(run.folder.uri_of('best'))}: "
        f"accuracy {best.metrics['val_accuracy']:.4f} in validation, "
        f"{best.test['test_accuracy']:.4f} in the test",
        soft_wrap=True,
    )


def _show(title: str, rows: list[tuple[str, str]], console: Console) -> None:
    """Print a title, named lines, and the head of what to type next."""
    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(f"[dim]{name}[/dim]", text)
    console.print(f"[bold green]{title}[/bold green]")
    console.print(table)
    console.print("[dim]Next[/dim]")
