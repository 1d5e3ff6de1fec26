"""What several commands take: options of `RunOptions`, --set, --verbose, a run folder."""

from typing import Annotated, Any

import typer

from raynas.options.run_options import RunOptions


def option(name: str, *flags: str, **more: Any) -> Any:
    """Make a command-line option from the field of the same name of `RunOptions`."""
    field = RunOptions.model_fields[name]
    shown: Any = str(field.default) if field.default not in (None, "", {}, []) else False
    return typer.Option(*flags, help=field.description, show_default=shown, **more)


def set_option(help_: str) -> Any:
    """Make a --set whose help says what may be set."""
    return typer.Option("--set", metavar="OPTION=VALUE", help=help_, show_default=False)


Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show what Ray and Lightning say (else: log.txt).")
]
Address = Annotated[
    str | None,
    typer.Option(
        help="The Ray cluster to join: auto (this machine's) or HOST:PORT of its head; RAY_ADDRESS "
        "says the same (default: a Ray of its own on this machine).",
        show_default=False,
    ),
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN_FOLDER", help="The folder that a search made: runs/NAME.")
]


def parse_set(pairs: list[str] | None) -> dict[str, Any]:
    """Read OPTION=VALUE pairs; values are YAML (numbers, true, null, texts).

    Raises:
        ValueError: a pair is not of this form.
    """
    import yaml

    options = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"--set: expected OPTION=VALUE like batch_size=64, got {pair!r}")
        try:
            options[name.strip().replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"--set {name}: {value!r} cannot be read as a value") from error
    return options
