"""The functions of `raynas`: they say what they take, and leave out nothing that a command has."""

import inspect
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raynas
from raynas.cli.commands import COMMANDS
from raynas.cli.inspect import report
from raynas.cli.replay import replay
from raynas.cli.results import export, retrain
from raynas.options.run_options import RunOptions
from raynas.options.supernet_options import SupernetOptions
from raynas.runs.trial import JSON_COLUMNS, Trial
from raynas.space import Architecture
from raynas.strategies import Proposal


def parameters(function) -> dict[str, inspect.Parameter]:
    return {p.name.rstrip("_"): p for p in inspect.signature(function).parameters.values()}


def test_search_takes_every_option_of_a_run_with_its_default():
    taken = parameters(raynas.search)
    assert set(taken) == {*RunOptions.model_fields, "address", "progress"}
    for name, field in RunOptions.model_fields.items():
        assert taken[name].default == field.default, name
        assert f" {name}: " in inspect.getdoc(raynas.search), name


@pytest.mark.parametrize(
    ("command", "function"),
    [
        (retrain, raynas.Run.retrain),
        (export, raynas.Run.export),
        (replay, raynas.replay),
        (report, raynas.Run.report),
    ],
)
def test_functions_take_what_commands_take(command, function):
    renamed = {"set": "options", "verbose": "progress", "run_folder": "self"}
    assert {renamed.get(name, name) for name in parameters(command)} - {"self"} == set(
        parameters(function)
    ) - {"self"}
    for name, parameter in parameters(function).items():
        assert name == "self" or f" {name}: " in inspect.getdoc(function), name
        assert parameter.annotation is not inspect.Parameter.empty or name == "self"


def test_every_command_has_its_function():
    known = {*dir(raynas), *dir(raynas.Run)}
    functions = {"options": "describe_options"}
    assert {functions.get(c.__name__, c.__name__) for c in COMMANDS} <= known


def test_spaces_are_listed_and_described():
    assert "chain_cnn" in raynas.spaces()
    text = raynas.describe_space("mlp")
    assert "2,528,920,800 architectures" in text
    assert raynas.describe_space("mlp", seed=1) != text


def test_a_search_like_another_names_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"config .*none.yaml cannot be read"):
        raynas.search_like(tmp_path / "none.yaml", name="again")
    (tmp_path / "run.yaml").write_text("trials: many")
    with pytest.raises(ValueError, match=r"trials: .*integer.*'many'"):
        raynas.search_like(tmp_path / "run.yaml", name="again")


def test_replay(tmp_path):
    key = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    pq.write_table(pa.table({"arch": [key], "signal": [0.5]}), tmp_path / "table.parquet")
    given = {"space": "nasbench201", "key": "arch", "signal": "signal", "strategy": "grid"}
    table, output = str(tmp_path / "table.parquet"), str(tmp_path / "out.parquet")
    summary = raynas.replay(**given, table=table, trials=1, output=output)
    assert summary.best == [0.5]
    with pytest.raises(ValueError, match="unknown strategy"):
        raynas.replay(**{**given, "strategy": "x"}, table=table, trials=1, output=output)


def test_the_columns_with_json_are_listed():
    """What the record writes as JSON is Python data in a run's frame."""
    architecture = Architecture({"a": [1]}, {"a": 0})
    now = datetime.now(UTC)
    proposal = Proposal(architecture, (1,), 2, supernet=SupernetOptions().planned(3))
    trial = Trial("x", proposal, "completed", None, 1, 0.5, now, now, "here", derived=architecture)
    texts = {name for name, value in trial.to_row().items() if str(value)[:1] in ("{", "[")}
    assert texts == set(JSON_COLUMNS)
