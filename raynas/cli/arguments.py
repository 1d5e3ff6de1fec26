"""Commands from models of options: each field is an option of the command line."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from rich.markup import escape

from raynas.cli.run_command import run_command
from raynas.options.command_options import Attended
from raynas.options.option_model import Options, kinds_of

FLAGS = {"options": "--set"}
"""The options whose flag is not their name."""
METAVARS = {
    "logger": "NAME",
    "options": "OPTION=VALUE",
    "compare": "RUN_FOLDER",
    "leave_out": "NUMBER",
}
OF_PYTHON = ("progress",)
"""Fields that only Python knows: the command line always shows progress."""

Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show what Ray and Lightning say (else: log.txt).")
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN_FOLDER", help="The folder that a search made: runs/NAME.")
]

Command = Callable[..., None]


def options_of(model: type[Options]) -> Callable[[Command], Command]:
    """Give a command the options of a model, before its own.

    Its function is called with those that were given, by name, as the first argument. Values come
    as texts and are read by the model, so that what is wrong is said in its words.
    """
    names = [name for name in model.model_fields if name not in OF_PYTHON]
    names.sort(key=lambda name: name in Attended.model_fields)  # where it runs comes last

    def decorate(function: Command) -> Command:
        _, *rest = inspect.signature(function).parameters.values()

        @wraps(function)
        def call(**values: Any) -> None:
            repeated = {name: value for name in names if (value := values.pop(name)) is not None}
            problem = _repetition(repeated, model)
            if problem:
                run_command(lambda output: _refuse(problem), verbose=False)
            function(
                {name: _value(model, name, texts) for name, texts in repeated.items()},
                **values,
            )

        shown = [_parameter(name, model.model_fields[name]) for name in names]
        named = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in rest]
        parameters = [*shown, *named]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect looks there
        call.__annotations__ = {p.name: p.annotation for p in parameters}
        return call

    return decorate


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    shown: Any = str(field.default) if field.default not in (None, "", {}, []) else False
    option = typer.Option(
        _flag(name),
        help=escape(field.description or ""),
        show_default=False if field.is_required() else shown,
        metavar=METAVARS.get(name) or _metavar(kinds_of(field)[0]),
    )
    required = field.is_required()
    if kinds_of(field) == [bool]:
        return _switch(name, field)
    kind: Any = list[str] if required else list[str] | None  # all, so that no repetition is lost
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if required else None,
        annotation=Annotated[kind, option],
    )


def _is_several(field: FieldInfo) -> bool:
    """Whether an option may be repeated."""
    return bool({get_origin(kind) or kind for kind in kinds_of(field)} & {list, dict})


def _value(model: type[Options], name: str, texts: Any) -> Any:
    """Return what an option was given: a list where it may be repeated, True for a switch."""
    single = isinstance(texts, list) and not _is_several(model.model_fields[name])
    return texts[0] if single else texts


def _repetition(repeated: dict[str, Any], model: type[Options]) -> str:
    """Say which option that takes one value came more often; "" where none did."""
    for name, texts in repeated.items():
        if isinstance(texts, list) and len(texts) > 1 and not _is_several(model.model_fields[name]):
            return f"{_flag(name)}: expected once, got {' and '.join(texts)}"
    return ""


def _refuse(problem: str) -> None:
    raise ValueError(problem)


def _flag(name: str) -> str:
    return FLAGS.get(name, "--" + name.replace("_", "-"))


def _switch(name: str, field: FieldInfo) -> inspect.Parameter:
    """Return a switch that is off unless it is named."""
    option = typer.Option(
        "--" + name.replace("_", "-"), help=escape(field.description or ""), show_default=False
    )
    kind = Annotated[bool | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _metavar(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    return {int: "INTEGER", float: "NUMBER"}.get(kind, "TEXT")


def parse_set(pairs: list[str] | None) -> dict[str, Any]:
    """Read OPTION=VALUE pairs; values are YAML (numbers, true, null, texts).

    Raises:
        ValueError: a pair is not of this form.
    """
    from raynas.options.yaml_values import read_yaml

    options = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"--set: expected OPTION=VALUE like batch_size=64, got {pair!r}")
        option = name.strip().replace("-", "_")
        if option in options:
            raise ValueError(f"--set {option}: expected once, got it again with {value!r}")
        try:
            options[option] = read_yaml(value)
        except ValueError as error:
            raise ValueError(
                f"--set {name}: {value[:100]!r} cannot be read as a value: {error}"
            ) from error
    return options


def read_call(model: type[Options], call_values: dict[str, Any]) -> Any:
    """Make the model of what was given on the command line.

    Raises:
        ValueError: a value is not legal; one line says what is.
    """
    options = {"options": parse_set(call_values["options"])} if "options" in call_values else {}
    return model.checked({**call_values, **options})
