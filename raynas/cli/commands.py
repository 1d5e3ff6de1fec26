"""All commands in one table, the app that they make, and its start."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from raynas import __version__
from raynas.cli.inspect import options, report, spaces, status
from raynas.cli.replay import replay
from raynas.cli.results import export, retrain
from raynas.cli.search import resume, search

COMMANDS = (search, resume, status, report, retrain, export, spaces, options, replay)
"""The commands in the order in which --help lists them; a function's name is the command's."""

app = typer.Typer(
    name="raynas",
    help="Search for neural-network architectures in parallel on Ray.\n\nStart: raynas search",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"raynas {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


for _command in COMMANDS:
    app.command()(_command)


def main() -> None:
    """Run the command line."""
    sys.path.insert(0, str(Path.cwd()))  # so that package.module:Class finds the user's modules
    app()
