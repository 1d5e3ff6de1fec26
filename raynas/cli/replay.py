"""The command that runs strategies on tables: replay."""

import time
from typing import Any

from raynas.cli.arguments import options_of, read_call
from raynas.cli.run_command import run_command
from raynas.options.command_options import ReplayCall
from raynas.terminal.output import Output

_SAY_EVERY_S = 10.0
"""How often progress is said where the output is no terminal."""


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
        last = time.monotonic()
        with Progress(console=output.console, transient=True, disable=quiet) as bar:
            task = bar.add_task("seeds", total=call.seeds)

            def progress() -> None:
                nonlocal last
                bar.advance(task)
                if quiet and time.monotonic() - last > _SAY_EVERY_S:
                    last = time.monotonic()
                    output.say(f"{bar.tasks[0].completed:.0f}/{call.seeds} seeds")

            summary = replay(call, progress)
        output.say(summary.text())

    run_command(run, verbose=True)
