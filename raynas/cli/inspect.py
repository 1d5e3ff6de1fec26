"""Commands that look and train nothing: status, report, spaces, options."""

from typing import Annotated, Any

import typer

from raynas.cli.arguments import RunPath, options_of, read_call
from raynas.cli.run_command import run_command
from raynas.options.command_options import ReportCall
from raynas.terminal.output import Output


def status(
    run_folder: RunPath,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Go on showing it until the run ends; Ctrl-C leaves the run alone. Where the "
            "output is no terminal, a line for each change.",
        ),
    ] = False,
) -> None:
    """Show how far a search is: progress, the best so far, failures."""

    def run(output: Output) -> None:
        from raynas.terminal.status import show_status
        from raynas.terminal.watch import watch_status

        if watch:
            watch_status(run_folder, output.console)
        else:
            show_status(run_folder, output.console)

    run_command(run, verbose=True)


@options_of(ReportCall)
def report(call_values: dict[str, Any], run_folder: RunPath) -> None:
    """Write report.html into a run folder: one page that explains the search, and needs no network.

    `raynas search` and `raynas resume` write it, too, while they run and at the end.

    Of a run that can only be read, --output writes it elsewhere.

    Example: raynas report runs/evolution --compare runs/random
    """

    def run(output: Output) -> None:
        call: ReportCall = read_call(ReportCall, call_values)

        from raynas.report import write_report
        from raynas.runs.run_folder import open_run

        others = [open_run(other) for other in call.compare]
        output.say(write_report(open_run(run_folder), compare=others, output=call.output))

    run_command(run, verbose=True)


def options(
    strategy: Annotated[
        str | None,
        typer.Argument(metavar="[STRATEGY]", help="Of this strategy only, and what all share."),
    ] = None,
) -> None:
    """List what --set can set: the options of strategies, schedulers, training and data.

    Example: raynas options evolution
    """

    def run(output: Output) -> None:
        from raynas.terminal.option_tables import list_options

        list_options(strategy, output.console)

    run_command(run, verbose=True)


def spaces(
    space: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]", help="Describe one: size, decisions, samples and their cost."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which samples are shown.")] = 0,
) -> None:
    """List the search spaces, or describe one of them or your own file."""

    def run(output: Output) -> None:
        from raynas.terminal.space_summary import describe_space, list_spaces

        if space is None:
            list_spaces(output.console)
        else:
            describe_space(space, seed, output.console)

    run_command(run, verbose=True)
