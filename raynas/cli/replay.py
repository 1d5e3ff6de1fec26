"""The command that runs strategies on tables: replay."""

from typing import Any

from raynas.cli.arguments import options_of, read_call
from raynas.cli.run_command import run_command
from raynas.options.command_options import ReplayCall
from raynas.terminal.output import Output


@options_of(ReplayCall)
def replay(call_values: dict[str, Any]) -> None:
    """Run a strategy on a table of known results: no training, no Ray, simulated workers.

    Example: raynas replay --space nasbench201 --table nasbench201.parquet --key arch --signal
    val12_c10 --strategy evolution --trials 103 --seeds 500 --output evolution.parquet
    """

    def run(output: Output) -> None:
        call: ReplayCall = read_call(ReplayCall, call_values)

        from rich.progress import Progress

        from raynas.simulation.run_replay import replay

        quiet = not output.console.is_terminal
        with Progress(console=output.console, transient=True, disable=quiet) as bar:
            task = bar.add_task("seeds", total=call.seeds)
            summary = replay(call, lambda: bar.advance(task))
        output.say(summary.text())

    run_command(run, verbose=True)
