"""The command that runs strategies on tables: replay."""

from typing import Annotated, Any

import typer

from raynas.cli.arguments import option, parse_set, set_option
from raynas.cli.run_command import run_command
from raynas.terminal.output import Output


def replay(
    space: Annotated[str, typer.Option(help="A space whose file has `key(architecture)`.")],
    table: Annotated[str, typer.Option(help="A Parquet file or URL: one row an architecture.")],
    key: Annotated[str, typer.Option(help="The column that names the architectures.")],
    signal: Annotated[str, typer.Option(help="The column to optimise.")],
    strategy: Annotated[str, option("strategy")],
    trials: Annotated[int, typer.Option(min=1, help="Evaluations a seed.")],
    output: Annotated[str, typer.Option(help="The Parquet file to write, a row an evaluation.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many searches: seeds 0, 1, …")] = 1,
    first_seed: Annotated[int, typer.Option(min=0, help="Begin with another seed than 0.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Simulated parallel workers.")] = 1,
    duration: Annotated[
        str | None,
        typer.Option(
            help="The column with the seconds of an evaluation (default: 1 each).",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help="Which way the signal is better: max or min.")] = "max",
    deduplicate: Annotated[str, option("deduplicate")] = "exact",
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the seeds.")] = 1,
    set_: Annotated[
        list[str] | None, set_option("An option of the strategy; repeat it for more.")
    ] = None,
) -> None:
    """Run a strategy on a table of known results: no training, no Ray, simulated workers.

    Example: raynas replay --space nasbench201 --table nasbench201.parquet --key arch --signal
    val12_c10 --strategy evolution --trials 103 --seeds 500 --output evolution.parquet
    """
    given: dict[str, Any] = {
        "space": space, "table": table, "key": key, "signal": signal, "strategy": strategy,
        "trials": trials, "seeds": seeds, "first_seed": first_seed, "workers": workers,
        "duration": duration, "mode": mode, "deduplicate": deduplicate, "jobs": jobs,
    }  # fmt: skip

    def run(output_: Output) -> None:
        from rich.progress import Progress

        from raynas.simulation.run_replay import Replay, replay

        wanted = Replay(**given, options=parse_set(set_))
        quiet = not output_.console.is_terminal
        with Progress(console=output_.console, transient=True, disable=quiet) as bar:
            task = bar.add_task("seeds", total=seeds)
            summary = replay(wanted, output, lambda: bar.advance(task))
        output_.say(summary.text(output))

    run_command(run, verbose=True)
