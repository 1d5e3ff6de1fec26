"""Nodes one by one: their values, their sizes, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from raynas.space import (
    Choice,
    Decision,
    Encoder,
    Record,
    Repeat,
    When,
    choose,
    decisions_of,
    enumerate_all,
    replay,
    sample,
    size,
    walk,
)


def values(space: Any) -> list[Any]:
    return [architecture.value for architecture in enumerate_all(space)]


def paths(space: Any) -> list[str]:
    return [decision.path for decision in walk(space, lambda decision: 0)[1]]


def test_choice_yields_its_options_in_order() -> None:
    assert values(Choice(["a", "b"])) == ["a", "b"]
    assert values(Choice(range(3), ordered=True)) == [0, 1, 2]


def test_labels_stand_in_paths_and_values_in_architectures() -> None:
    space = Record(layer=Choice({"small": Record(units=Choice([8, 16])), "big": 64}))
    assert values(space) == [{"layer": {"units": 8}}, {"layer": {"units": 16}}, {"layer": 64}]
    assert paths(space) == ["layer", "layer/small/units"]


def test_what_is_not_reached_is_not_asked() -> None:
    space = Choice({"a": Choice([1, 2]), "b": 3})
    assert replay(space, {"choice": 1}).picks == {"choice": 1}


def test_repeat_asks_for_its_length_first() -> None:
    space = Record(layers=Repeat(Choice(["x", "y"]), 1, 2))
    assert [v["layers"] for v in values(space)] == [
        ["x"],
        ["y"],
        ["x", "x"],
        ["x", "y"],
        ["y", "x"],
        ["y", "y"],
    ]
    assert paths(space) == ["layers/length", "layers/0"]


def test_when_depends_on_an_earlier_field() -> None:
    space = Record(opt=Choice(["adam", "sgd"]), momentum=When("opt", ["sgd"], Choice([0.8, 0.9])))
    assert values(space) == [
        {"opt": "adam"},
        {"opt": "sgd", "momentum": 0.8},
        {"opt": "sgd", "momentum": 0.9},
    ]


def test_when_tells_apart_what_python_calls_equal() -> None:
    space = Record(n=Choice([0, False, 1, True, 1.0]), x=When("n", [1, False], Choice(["a", "b"])))
    assert size(space) == 7
    asked = {(repr(value["n"]), "x" in value) for value in values(space)}
    assert asked == {("0", False), ("False", True), ("1", True), ("True", False), ("1.0", False)}


def test_a_huge_space_is_counted_exactly_and_at_once() -> None:
    assert size(Repeat(Choice(range(56), ordered=True), 0, 40)) == sum(56**n for n in range(41))


def test_a_large_function_is_not_counted() -> None:
    space = lambda pick: [choose(pick, str(i), [0, 1]) for i in range(10)]  # noqa: E731 (as users write it)
    assert size(space) == 1024
    assert size(space, limit=1024) == 1024
    assert size(space, limit=1023) is None


def test_sampling_is_uniform_over_options() -> None:
    rng = np.random.default_rng(0)
    space = Record(a=Choice([0, 1, 2, 3]))
    counts = np.bincount([sample(space, rng).value["a"] for _ in range(4000)])
    assert counts.min() > 900


def test_ordered_options_are_encoded_by_position() -> None:
    encoder = Encoder(Record(k=Choice([3, 5, 7], ordered=True), op=Choice(["a", "b"])))
    assert encoder.names == ["k", "k:position", "op=a", "op=b"]
    row = encoder(replay(Record(k=Choice([3, 5, 7]), op=Choice(["a", "b"])), {"k": 1, "op": 1}))
    assert row.tolist() == [1.0, 0.5, 0.0, 1.0]
    assert encoder.encode([]).shape == (0, 4)


BAD_NODES: dict[str, tuple[Callable[[], Any], str]] = {
    "no options": (lambda: Choice([]), "options must not be empty"),
    "a string": (lambda: Choice("abc"), "options must be a list or a dict, got 'abc'"),
    "a set": (lambda: Choice({1, 2}), "options must be a list or a dict"),  # type: ignore[arg-type]  # wrong on purpose
    "equal options": (lambda: Choice([3, 5, 3]), "options must differ, 3 comes more than once"),
    "not JSON": (lambda: Choice([object()]), "must be plain JSON data"),
    "NaN": (lambda: Choice([float("nan")]), "must be plain JSON data"),
    "repeat backwards": (lambda: Repeat(1, 3, 2), "0 <= minimum <= maximum, got 3 and 2"),
    "repeat below 0": (lambda: Repeat(1, -1, 2), "0 <= minimum <= maximum, got -1 and 2"),
    "when text": (lambda: When("a", "x", 1), "one_of must be a list of values of 'a', got 'x'"),
    "when outside": (lambda: Choice([When("a", [1], 2)]), "only a field of a Record"),
    "when unknown": (
        lambda: Record(x=1, b=When("a", [1], 2)),
        "'b' depends on 'a', which must come before it; before it are: x",
    ),
    "when never": (
        lambda: Record(a=Choice(["adam", "sgd"]), b=When("a", ["sdg"], 2)),
        r"'b' depends on 'a' being 'sdg', which it never is; expected some of \['adam', 'sgd'\]",
    ),
    "when on no choice": (
        lambda: Record(a=Repeat(1, 1, 2), b=When("a", [[1]], 2)),
        "'b' depends on 'a', which must be a Choice of plain values",
    ),
    "decision": (lambda: Decision("a", ()), "decision 'a' has no options"),
}


@pytest.mark.parametrize(("make", "message"), BAD_NODES.values(), ids=BAD_NODES)
def test_bad_nodes_say_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


AB = Record(a=Choice([1, 2]), b=Choice([1, 2]))
BAD_WALKS: dict[str, tuple[Callable[[], Any], str]] = {
    "missing pick": (lambda: replay(AB, {"a": 0}), r"no pick for 'b'; its options are \[1, 2\]"),
    "out of range": (lambda: replay(AB, {"a": 0, "b": 2}), r"at 'b': pick must be 0..1, got 2"),
    "negative": (lambda: replay(AB, {"a": -1, "b": 1}), r"at 'a': pick must be 0..1, got -1"),
    "unused": (lambda: replay(AB, {"a": 0, "b": 0, "c": 0}), "does not reach 'c'; it reaches a, b"),
    "unused in closed": (lambda: replay(Record(), {"c": 0}), "it reaches no decision"),
    "asked twice": (
        lambda: walk(lambda pick: [choose(pick, "a", [1]), choose(pick, "a", [1])], lambda d: 0),
        "asks 'a' twice; every path must be unique",
    ),
    "another space": (
        lambda: decisions_of(AB, replay(Record(a=Choice([1, 2])), {"a": 0})),
        "no pick for 'b'",
    ),
    "encode another space": (
        lambda: Encoder(Record(a=Choice([1, 2])))(replay(AB, {"a": 0, "b": 0})),
        "the space has no decision 'b'",
    ),
    "encode another option": (
        lambda: Encoder(AB)(replay(Record(a=Choice([1, 2, 3]), b=1), {"a": 2})),
        r"at 'a': pick must be 0..1, got 2",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD_WALKS.values(), ids=BAD_WALKS)
def test_bad_walks_say_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
