"""The command line: one file for the commands that belong together, `commands.py` lists them."""

from raynas.cli.commands import app, main

__all__ = ["app", "main"]
