"""An option is written once: name, type, default, range and sentence stand in one model."""

import ast
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import raynas
from raynas.cli.commands import COMMANDS
from raynas.options import command_options, option_model
from raynas.options.data_options import DataOptions
from raynas.options.option_model import Options, expectation
from raynas.options.run_options import RunOptions
from raynas.options.scheduler_options import SCHEDULERS
from raynas.options.strategy_options import StrategyOptions
from raynas.options.training_options import TrainingOptions
from raynas.strategies import STRATEGIES

PACKAGE = Path(raynas.__file__).parent
LIKE_ANOTHER = "like"
"""The function that takes a field from another model, with another default or sentence."""

CALLS = [
    kind
    for kind in vars(command_options).values()
    if isinstance(kind, type) and issubclass(kind, Options)
]
MODELS = [
    *CALLS,
    RunOptions,
    TrainingOptions,
    DataOptions,
    *SCHEDULERS.values(),
    *(strategy.options_type for strategy in STRATEGIES.values()),
]


def declarations() -> Iterator[tuple[str, str]]:
    """Yield (option, where) for each field that a model of options declares by itself."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or not inspected(node.name):
                continue
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    called = getattr(getattr(line.value, "func", None), "id", "")
                    if called != LIKE_ANOTHER:
                        yield line.target.id, f"{path.name}: {node.name}"


def inspected(name: str) -> bool:
    return name in {kind.__name__ for kind in descendants(Options)}


def descendants(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


TWO_COMMANDS = {
    "seeds": "retrain trains them, replay searches with them",
    "output": "export writes a folder, replay a file",
}
"""Options of two commands that have nothing to do with each other."""


def test_each_option_is_declared_in_one_place() -> None:
    found: dict[str, list[str]] = {}
    for name, where in declarations():
        found.setdefault(name, []).append(where)
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert twice.keys() == TWO_COMMANDS.keys(), twice
    assert all(len(places) == 2 for places in twice.values())


def test_nobody_else_lists_the_options() -> None:
    """No function of the command line or of `raynas` has an option as a parameter of its own."""
    names = {name for model in MODELS for name in model.model_fields}
    doors = {*dir(raynas), *dir(raynas.Run), *(command.__name__ for command in COMMANDS)}
    for path in (*sorted((PACKAGE / "cli").glob("*.py")), PACKAGE / "api.py", PACKAGE / "run.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in doors:
                own = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)} - LOOKING
                shared = own & names
                assert not shared, f"{path.name}: {node.name} has {shared} of its own"


LOOKING = {"strategy", "space", "seed"}
"""What `raynas options`, `spaces` and the functions that look at spaces take by themselves."""


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_sentence_and_says_what_is_legal(model: type[Options]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description[0].isupper() or field.description.startswith(
            ("pytorch", "int8")
        ), name
        assert expectation(field), name


def test_options_of_different_owners_never_share_a_name() -> None:
    """All that `--set` can reach in one run, and the options of the run itself."""
    shared = {*TrainingOptions.own_fields(), *DataOptions.model_fields}
    run = {*RunOptions.model_fields, *TrainingOptions.model_fields} - {
        *TrainingOptions.own_fields()
    }
    for strategy in STRATEGIES.values():
        for scheduler in SCHEDULERS.values():
            parts = [
                TrainingOptions.own_fields(),
                DataOptions.model_fields,
                scheduler.model_fields,
                strategy.options_type.own_fields(),
                run,
            ]
            names = Counter(name for part in parts for name in part)
            assert not [name for name, count in names.items() if count > 1]
    own = Counter(
        name
        for strategy in STRATEGIES.values()
        for name in strategy.options_type.own_fields()
        if name not in StrategyOptions.model_fields
    )
    assert not [name for name, count in own.items() if count > 1], "two strategies share a name"
    assert shared.isdisjoint(own)


def test_every_command_shows_each_option_of_its_model() -> None:
    for command in COMMANDS:
        for parameter in inspect.signature(command).parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty, command.__name__


def test_the_sentences_reach_signatures_and_help() -> None:
    text = inspect.getdoc(raynas.search) or ""
    for name, field in RunOptions.model_fields.items():
        assert f"{name}: {field.description}" in text
    assert option_model.expectation(RunOptions.model_fields["keep"]) == "an integer from 1"
