"""What --set can set, for a person: each option with its type, default and meaning."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from raynas.options.data_options import DataOptions
from raynas.options.option_model import Options, expectation, one_of
from raynas.options.scheduler_options import SCHEDULERS
from raynas.options.training_options import TrainingOptions
from raynas.strategies import STRATEGIES


def option_parts(strategy: str | None = None) -> dict[str, tuple[type[Options], list[str]]]:
    """Return whose options there are: by title, the model and the names of its own.

    Raises:
        ValueError: there is no such strategy.
    """
    if strategy is not None:
        one_of("strategy", strategy, STRATEGIES)
    strategies = {
        f"strategy {name}": (kind.options_type, kind.options_type.own_fields())
        for name, kind in STRATEGIES.items()
        if strategy in (None, name)
    }
    schedulers = {
        f"scheduler {name}": (model, list(model.model_fields))
        for name, model in SCHEDULERS.items()
        if name != "none"
    }
    return {
        **strategies,
        **schedulers,
        "training": (TrainingOptions, TrainingOptions.own_fields()),
        "data": (DataOptions, list(DataOptions.model_fields)),
    }


def list_options(strategy: str | None, console: Console) -> None:
    """Print the options of one strategy, or of all, and what they share.

    Raises:
        ValueError: there is no such strategy.
    """
    for title, (model, names) in option_parts(strategy).items():
        console.print(f"[bold]{title}[/bold]")
        console.print(_table(model, names))
    console.print("Set one: raynas search --set OPTION=VALUE")


def _table(model: type[Options], names: Iterable[str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name in names:
        field = model.model_fields[name]
        default = "none" if field.default is None else str(field.default).lower()
        if isinstance(field.default, str):
            default = field.default
        table.add_row(
            f"  {name}",
            f"[dim]{escape(default)}[/dim]",
            escape(f"{field.description} ({expectation(field)})"),
        )
    return table
