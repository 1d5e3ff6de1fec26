"""How a retraining ended, for a person."""

from shlex import quote
from statistics import mean, stdev
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from raynas.runs.output import command
from raynas.runs.run import RunFolder


def show_retrained(run: RunFolder, console: Console) -> None:
    """Print what the seeds of a retraining reached, and what to type next."""
    best: dict[str, Any] = run.best() or {}
    seeds = best["retrained"]["seeds"]
    many = f"{len(seeds)} seeds" if len(seeds) > 1 else "1 seed"
    searched = best["searched"]["val_accuracy"]
    table = Table.grid(padding=(0, 2))
    rows = [
        ("architecture", escape(best["description"])),
        ("trained", f"{many}, {best['training']['epochs']} epochs, on the training split"),
        ("validation", f"accuracy {spread(seeds, 'val_accuracy')} (in the search {searched:.4f})"),
        (
            "test",
            f"accuracy {spread(seeds, 'test_accuracy')}, F1 {spread(seeds, 'test_f1')} "
            "(measured once a seed, at its end)",
        ),
        (
            "network",
            f"{escape(run.folder.uri_of('best'))} "
            f"(seed {int(best['trial_id'].rpartition('_')[2])})",
        ),
    ]
    for name, text in rows:
        table.add_row(f"[dim]{name}[/dim]", text)
    console.print("[bold green]Retrained[/bold green]")
    console.print(table)
    folder = escape(quote(run.folder.uri))
    console.print("[dim]Next[/dim]")
    console.print(f"  {command()} export {folder}")
    console.print(f"  in Python: net = raynas.load({escape(repr(run.folder.uri))})")


def spread(seeds: list[dict[str, float]], metric: str) -> str:
    """Write the mean of a metric over seeds, with its standard deviation if there are several."""
    values = [seed[metric] for seed in seeds]
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{mean(values):.4f} ± {stdev(values):.4f}"
