"""Commands that look and change nothing: status, spaces."""

from typing import Annotated

import typer

from raynas.cli.command import run_command
from raynas.cli.options import RunFolder
from raynas.runs.output import Output


def status(run_folder: RunFolder) -> None:
    """Show how far a search is: progress, the best so far, failures."""

    def run(output: Output) -> None:
        from raynas.runs.status import show_status

        show_status(run_folder, output.console)

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
        from raynas.runs.spaces import describe_space, list_spaces

        if space is None:
            list_spaces(output.console)
        else:
            describe_space(space, seed, output.console)

    run_command(run, verbose=True)
