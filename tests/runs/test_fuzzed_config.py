"""Each option takes what it says, from Python, YAML and --set; all else is refused in one line."""

import math
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from fuzzing import answer, anything, fuzzed, inputs, numbers, plain, texts
from hypothesis import strategies as st

from raynas.cli.arguments import parse_set
from raynas.options.data_options import DataOptions
from raynas.options.option_model import kinds_of
from raynas.options.run_options import METRICS, RunOptions
from raynas.options.scheduler_options import SCHEDULERS
from raynas.options.training_options import TrainingOptions
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import parse_run_file, run_file
from raynas.strategies import STRATEGIES

TOP = [name for name in RunOptions.model_fields if name not in ("options", "strategy", "scheduler")]
MODELS = [
    TrainingOptions,
    DataOptions,
    *SCHEDULERS.values(),
    *(kind.options_type for kind in STRATEGIES.values()),
]
FIELDS = {name: field for model in MODELS for name, field in model.model_fields.items()}
FIELDS |= RunOptions.model_fields


def words_of(name: str) -> list[Any]:
    """What an option takes of a few words."""
    words = list(METRICS) if name == "metric" else []
    for kind in kinds_of(FIELDS[name]):
        literals = get_args(kind) if get_origin(kind) is list else (kind,)
        words += [word for one in literals if get_origin(one) is Literal for word in get_args(one)]
    return words


USUAL: dict[Any, st.SearchStrategy[Any]] = {
    int: st.one_of(st.integers(1, 9), st.integers(1, 9).map(str), st.sampled_from([1, 2.0, 2**62])),
    float: st.one_of(st.floats(1e-9, 0.4), st.sampled_from(["1e-3", "0.25", 1, 1e-300])),
    bool: st.sampled_from([True, False, "true", "no", 1]),
    str: st.text(min_size=1, max_size=5),
    list[str]: st.one_of(
        st.lists(st.text(min_size=1, max_size=5), max_size=3),
        st.sampled_from(["a", "a,b", " a , b,", 3]),
    ),
}
unlikely = st.sampled_from([True, False, "true", None, 1.0, "1e-3", 0.25, 2**62, -1, 0])


def value_for(name: str, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    if words := words_of(name):
        usual = st.sampled_from(words)
        usual = st.lists(usual, max_size=2) if name == "logger" else usual
    else:
        usual = st.one_of(*(USUAL[kind] for kind in kinds_of(FIELDS[name])))
    default = st.just(FIELDS[name].default)
    rare = st.integers(0, 9)
    return rare.flatmap(
        lambda n: odd if n == 0 else unlikely if n == 1 else default if n < 4 else usual
    )


@st.composite
def option_values(draw: st.DrawFn, odd: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Some options of a run, most of which could be legal."""
    strategy, scheduler = draw(st.sampled_from([*STRATEGIES])), draw(st.sampled_from([*SCHEDULERS]))
    config = RunConfig(strategy=strategy, scheduler=scheduler)
    top = draw(st.lists(st.sampled_from(TOP), max_size=3, unique=True))
    legal = draw(st.lists(st.sampled_from([*config.legal_options]), max_size=4, unique=True))
    values: dict[str, Any] = {"strategy": strategy, "scheduler": scheduler}
    values |= {name: draw(value_for(name, odd)) for name in top}
    values["options"] = {name: draw(value_for(name, odd)) for name in legal}
    unusual = draw(st.integers(0, 20))
    if unusual == 0:
        values[draw(texts)] = draw(odd)
    elif unusual == 1:
        values["options"][draw(texts)] = draw(odd)
    elif unusual == 2:
        values["options"] = draw(odd)
    return values


def stands_for(asked: Any, read: Any) -> bool:
    """Whether an option is what was asked for, if not in the same words."""
    if isinstance(read, bool):
        return asked in (read, str(read).lower()) or str(asked).lower() in (
            ("1", "1.0", "on", "t", "y", "yes")
            if read
            else ("0", "0.0", "off", "f", "n", "no", "-0.0")
        )
    if isinstance(read, int | float):
        return not isinstance(asked, bool) and math.isfinite(read) and float(asked) == read
    if isinstance(read, str):
        return asked == read or asked == read.encode()
    if isinstance(read, list):
        if isinstance(asked, str):
            return [name.strip() for name in asked.split(",") if name.strip()] == read
        several = asked if hasattr(asked, "__iter__") else [asked]
        return list(several) == read or [str(one) for one in several] == read
    return asked is None and read is None


def check_config(config: RunConfig, asked: dict[str, Any]) -> str:
    for name, value in asked.items():
        if name != "options":
            assert stands_for(value, getattr(config, name)), (name, value)
    for name, value in (asked.get("options") or {}).items():
        assert stands_for(value, config.options[name]), (name, value)
    resolved, _ = answer(config.resolved)
    if resolved is None:
        return "refused with its name"
    again = parse_run_file(run_file(resolved).to_yaml(), "run.yaml").config()
    assert again == resolved
    assert again.read_options() == resolved.read_options()
    return "worked"


@inputs(100, 6_000)
def test_options_of_python_are_taken_or_refused(count: int) -> None:
    @fuzzed(count, option_values(anything))
    def property_of(values: dict[str, Any]) -> str:
        config, _ = answer(lambda: make_config(**values))
        return "refused" if config is None else check_config(config, values)


@inputs(100, 4_000)
def test_options_of_yaml_are_taken_or_refused(count: int) -> None:
    @fuzzed(count, option_values(plain))
    def property_of(values: dict[str, Any]) -> str:
        text = yaml.safe_dump(values)
        config, _ = answer(lambda: parse_run_file(text, "x.yaml").config())
        return "refused" if config is None else check_config(config, values)


PIECES = [
    *(
        "trials",
        "epochs",
        "options",
        "seed",
        "name",
        "versions",
        "started",
        "<<",
        "a",
        "3",
        "1e400",
    ),
    *(": ", ":", "\n", "- ", "[", "]", "{", "}", ", ", "'", '"', "&a ", "*a", "!!int ", "!!float "),
    *(
        "!!timestamp ",
        "!!bool ",
        "!!binary ",
        "!!set ",
        "!!omap ",
        "!!python/none ",
        "? ",
        "| ",
        "> ",
    ),
    *(
        "2024-02-31",
        "1:2:3",
        "0x",
        "0b",
        "~",
        "=",
        ".inf",
        ".nan",
        "yes",
        "%",
        "---\n",
        "\t",
        "#",
        "@",
    ),
]


@inputs(150, 7_000)
def test_any_text_is_options_or_refused(count: int) -> None:
    text = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), texts)

    @fuzzed(count, text)
    def property_of(text: str) -> str:
        config, _ = answer(lambda: parse_run_file(text, "x.yaml").config())
        return "refused" if config is None else check_config(config, {})


@inputs(150, 7_000)
def test_what_is_set_is_taken_or_refused(count: int) -> None:
    values = st.one_of(
        numbers.map(str), texts, st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
    )
    options = st.one_of(st.sampled_from(sorted(FIELDS)), texts)
    pairs = st.one_of(st.tuples(options, st.just("="), values).map("".join), texts)

    @fuzzed(count, st.lists(pairs, max_size=2))
    def property_of(pairs: list[str]) -> str:
        config, _ = answer(lambda: make_config(options=parse_set(pairs)), typed=True)
        return "refused" if config is None else check_config(config, {})


WRONG = {
    "trials: true": ("trials", True),
    "epochs: 10^30": ("epochs", 10**30),
    "epochs: 1e30": ("epochs", 1e30),
    "epochs of 400 digits": ("epochs", 10**400),
    "a seed of 400 digits": ("seed", 10**400),
    "gpus_per_trial: inf": ("gpus_per_trial", math.inf),
    "gpus_per_trial: nan": ("gpus_per_trial", math.nan),
    "cpus_per_trial: inf": ("cpus_per_trial", math.inf),
    "a name with an escape": ("name", "a\x1b[31m"),
    "a name of two lines": ("name", "a\nb"),
    "a name with a NUL": ("name", "a\0b"),
    "a name that turns the line around": ("name", "a\u202eb"),
    "a name that is no text": ("name", "a\udcff"),
    "a name of 300 letters": ("name", "a" * 300),
    "a name of 150 letters of two bytes": ("name", "ä" * 150),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_what_was_once_taken_is_refused_from_everywhere(name: str, value: Any) -> None:
    text = yaml.safe_dump({name: value})
    doors = (
        lambda: make_config(**{name: value}),
        lambda: make_config(**{name: str(value).lower()}),  # as the command line has it
        lambda: parse_run_file(text, "x.yaml").config(),
    )
    for door in doors:
        assert answer(door)[1].startswith(f"{name}: expected ")


@pytest.mark.parametrize("value", ["true", ".inf", "-.inf", ".nan", "1" * 400, "[1]", "{a: 1}", ""])
@pytest.mark.parametrize("option", ["batch_size", "learning_rate", "population", "limit"])
def test_no_number_is_set_to_what_is_none(option: str, value: str) -> None:
    if option == "limit" and value == "":
        assert make_config(options=parse_set(["limit="])).options == {"limit": None}
        return
    line = answer(lambda: make_config(options=parse_set([f"{option}={value}"])))[1]
    assert line.startswith(f"{option}: expected ")


DEEP = "[" * 2_000
BROKEN = {
    "nested without end": DEEP,
    "nested in an option": f"options: {{limit: {DEEP}",
    "an option twice": "trials: 3\ntrials: 5\n",
    "an option of the strategy twice": "options: {population: 3, population: 5}",
    "false": "false",
    "an empty list": "[]",
    "no options": "options: false",
    "a number for a name": "1: 2",
    "a date that there is not": "seed: 2024-02-31",
    "a tag that does not fit": "seed: !!bool perhaps",
    "no moment": "name: !!timestamp soon",
    "an integer without digits": "seed: !!int ''",
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{f'*{a},' * 9}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "trials: *i",
    "itself": "trials: &t [*t]",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_of_nonsense_is_one_line(text: str) -> None:
    assert answer(lambda: parse_run_file(text, "x.yaml").config())[1]


@pytest.mark.parametrize("value", [DEEP, "2024-02-31", "!!bool perhaps", "'", "=", "\ud800"])
def test_a_value_of_nonsense_is_one_line(value: str) -> None:
    assert answer(lambda: parse_set([f"limit={value}"]))[1].startswith("--set limit: ")
