"""Random trees of nodes are spaces; nonsense is refused in one line when it is made."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from fuzzing import answer, anything, fuzzed, inputs, texts
from hypothesis import strategies as st

from raynas.space import (
    Architecture,
    Cell,
    Choice,
    Encoder,
    Record,
    Repeat,
    Space,
    Stack,
    When,
    canonical_id,
    choose,
    crossover,
    decisions_of,
    describe,
    enumerate_all,
    load_space,
    mutate,
    neighbours,
    replay,
    sample,
    size,
    walk,
)
from raynas.space.architecture import DEEPEST, canonical_json
from raynas.space.nodes import Node, Sequenced, as_node

WALKED = 300
"""Spaces of so many walks are walked whole."""

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4),
    st.sampled_from([10**30, -0.0, 1e-300, "\n", "größe", "😀", "1", "choice"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
)
names = st.one_of(
    st.sampled_from(["a", "b", "0", "length", "choice", "nodes", "op", "type", "motifs", "\n"]),
    st.text(min_size=1, max_size=4).filter(lambda text: "/" not in text),
)
choices = st.lists(values, min_size=1, max_size=4, unique_by=canonical_json)
spans = st.tuples(st.integers(0, 2), st.integers(0, 2))
ops = st.lists(
    st.sampled_from(["none", "skip_connect", "avg_pool_3", "conv", "dense"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    inputs_of_cell = draw(st.integers(1, 3))
    edges = draw(st.one_of(st.just("all"), st.integers(1, inputs_of_cell)))
    least, more = draw(st.integers(1, 2)), draw(st.integers(0, 1))
    return Cell(
        draw(ops),
        (least, least + more) if more else least,
        inputs=inputs_of_cell,
        edges=edges,
        distinct=draw(st.booleans()),
        output=draw(st.sampled_from(["last", "all", "unused"])),
        strided=draw(st.booleans()),
    )


def conditional(options: list[Any], chosen: list[Any], inner: Any, more: dict[str, Any]) -> Record:
    """A field that is there for some values of another one."""
    sent = [option for option in options if canonical_json(option) in map(canonical_json, chosen)]
    return Record({**more, "if": Choice(options), "then": When("if", sent or options, inner)})


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    records = st.dictionaries(names, inner, max_size=3)
    layers = records.map(lambda fields: {k: v for k, v in fields.items() if k != "inputs"})
    return st.one_of(
        st.lists(inner, max_size=3),
        records,
        choices.map(Choice),
        st.dictionaries(names, inner, min_size=1, max_size=3).map(Choice),
        st.builds(lambda item, s: Repeat(item, s[0], sum(s)), inner, spans),
        st.builds(lambda item, s: Stack(item, s[0], sum(s)), layers, spans),
        st.builds(conditional, choices, choices, inner, records),
    )


trees = st.recursive(st.one_of(values, choices.map(Choice), cells()), larger, max_leaves=6)
seeds = st.integers(0, 2**32)


def check_space(space: Space, seed: int) -> None:
    """What holds for each space, as the contract that others may subclass has it."""
    rng = np.random.default_rng(seed)
    one, other = sample(space, rng), sample(space, rng)
    again = replay(space, one.picks)
    assert (again.value, again.picks, again.id) == (one.value, one.picks, one.id)
    assert [decision.path for decision in decisions_of(space, one)] == list(one.picks)
    back = Architecture.from_json(one.to_json())
    assert (back.value, back.picks, back.id) == (
        json.loads(json.dumps(one.value)),
        one.picks,
        one.id,
    )
    assert canonical_id(back.value) == canonical_id(one.value)
    assert describe(one.value).isprintable()
    children = [mutate(space, one, rng), crossover(space, one, other, rng)]
    children += islice(neighbours(space, one, rng), 3)
    for child in children:
        assert replay(space, child.picks) == child
    if any(len(decision.options) > 1 for decision in decisions_of(space, one)):
        assert children[0].picks != one.picks
    count = size(space)
    if count is not None and count <= WALKED:
        walks = list(enumerate_all(space))
        assert len(walks) == count == len({tuple(a.picks.items()) for a in walks})
    check_encoding(space, [one, other, *children])


def check_encoding(space: Space, architectures: list[Architecture]) -> None:
    encoder = Encoder(space)
    rows = encoder.encode(architectures)
    assert rows.shape == (len(architectures), len(encoder))
    assert np.isfinite(rows).all()
    picks = {tuple(sorted(a.picks.items())) for a in architectures}
    assert len({row.tobytes() for row in rows}) == len(picks)


@inputs(100, 12_000)
def test_a_tree_of_nodes_is_a_space(count: int) -> None:
    @fuzzed(count, trees, seeds)
    def property_of(tree: Any, seed: int) -> str:
        check_space(as_node(tree), seed)
        return "worked"


parts = st.one_of(anything, choices.map(Choice), st.builds(lambda: When("a", [1], 2)))
listed = st.one_of(parts, st.lists(parts, max_size=3), st.dictionaries(texts, parts, max_size=3))
MAKERS: tuple[Callable[..., Any], ...] = (
    lambda a, b, c, d: Choice(a, ordered=b),
    lambda a, b, c, d: Record(a),
    lambda a, b, c, d: Record({"a": Choice([1, 2]), "b": When(a, b, c)}),
    lambda a, b, c, d: Record(a=a, b=When("a", b, c)),
    lambda a, b, c, d: Repeat(a, b, c),
    lambda a, b, c, d: Stack(a, b, c),
    lambda a, b, c, d: Cell(a, b),
    lambda a, b, c, d: Cell(["x", "y"], a, inputs=b, edges=c, output=d),
    lambda a, b, c, d: Cell(["x", "y"], 2, inputs=a, edges=b, distinct=False, output=c),
    lambda a, b, c, d: Sequenced([a, b, c]),
    lambda a, b, c, d: lambda pick: [choose(pick, "a", [1, 2]), a],
)


@inputs(200, 15_000)
def test_nonsense_is_refused_in_a_line(count: int) -> None:
    @fuzzed(count, st.sampled_from(MAKERS), listed, listed, listed, listed, seeds)
    def property_of(make: Callable[..., Any], a: Any, b: Any, c: Any, d: Any, seed: int) -> str:
        space, line = answer(lambda: make(a, b, c, d))
        if space is None:
            return f"refused{'' if line else ' in no words'}"
        if isinstance(space, Node):
            check_space(space, seed)
            return "worked"
        architecture, _ = answer(lambda: walk(space, lambda decision: 0)[0])
        _, line = answer(lambda: architecture and architecture.id)
        return "refused as an architecture" if line else "worked"


SPACE = Record(a=Choice([1, 2]), b=Repeat(Choice({"x": Choice([1, 2]), "y": 0}), 0, 2))


@inputs(150, 8_000)
def test_picks_are_followed_or_refused(count: int) -> None:
    paths = st.sampled_from(["a", "b/length", "b/0", "b/1", "b/0/x", "b/1/x"])
    indices = st.one_of(st.integers(0, 1), anything)
    drawn = seeds.map(lambda seed: sample(SPACE, np.random.default_rng(seed)).picks)
    edited = st.tuples(drawn, paths, indices).map(lambda parts: parts[0] | {parts[1]: parts[2]})
    picks = st.one_of(drawn, edited, st.dictionaries(st.one_of(paths, texts), indices), anything)

    @fuzzed(count, picks)
    def property_of(picks: Any) -> str:
        architecture, _ = answer(lambda: replay(SPACE, picks))
        if architecture is None:
            return "refused"
        assert architecture.picks == picks
        return "worked"


WRITTEN = replay(SPACE, {"a": 1, "b/length": 1, "b/0": 0, "b/0/x": 1}).to_json()


@inputs(200, 10_000)
def test_json_is_an_architecture_or_refused(count: int) -> None:
    cut = st.tuples(*[st.integers(0, len(WRITTEN))] * 2, st.text(max_size=3)).map(
        lambda piece: WRITTEN[: piece[0]] + piece[2] + WRITTEN[piece[1] :]
    )
    made = st.fixed_dictionaries(
        {"value": anything, "picks": st.dictionaries(texts, st.integers() | anything)},
        optional={"id": anything},
    ).map(lambda data: json.dumps(data, default=str, skipkeys=True))
    texts_of_json = st.one_of(
        cut, made, anything.map(lambda data: json.dumps(data, default=str, skipkeys=True)), texts
    )

    @fuzzed(count, texts_of_json)
    def property_of(text: str) -> str:
        architecture, _ = answer(lambda: Architecture.from_json(text))
        if architecture is None:
            return "refused"
        assert Architecture.from_json(architecture.to_json()) == architecture
        assert canonical_id(architecture.value)
        assert isinstance(describe(architecture.value), str)
        answer(lambda: replay(SPACE, architecture.picks))
        return "worked"


DEEP = 100_000
NESTED: dict[str, Callable[[], Any]] = {
    "lists": lambda: Architecture.from_json("[" * DEEP + "]" * DEEP),
    "an open list": lambda: Architecture.from_json("[" * DEEP),
    "records": lambda: Architecture.from_json('{"value":' * DEEP + "1" + "}" * DEEP),
    "the value": lambda: Architecture.from_json(
        f'{{"value": {"[" * DEEP}{"]" * DEEP}, "picks": {{}}}}'
    ),
    "a hundred levels": lambda: Architecture(nested(DEEPEST + 1), {}).id,
    "levels that Python could": lambda: Architecture.from_json(
        json.dumps({"value": nested(300), "picks": {}})
    ),
    "a value": lambda: Architecture(nested(DEEP), {}).id,
    "a space of lists": lambda: as_node(nested(DEEP)),
    "a choice": lambda: Choice([nested(DEEP)]),
    "itself": lambda: as_node(cyclic()),
    "choices": lambda: sample(choices_in_choices(), np.random.default_rng(0)),
    "choices, counted": lambda: size(choices_in_choices()),
    "a function without end": lambda: walk(endless, lambda decision: 0),
    "an integer of 5,000 digits": lambda: Architecture.from_json("1" * 5000),
}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def cyclic() -> list[Any]:
    around: list[Any] = []
    around.append(around)
    return around


def choices_in_choices() -> Choice:
    node = Choice([1, 2])
    for _ in range(2_000):
        node = Choice({"x": node})
    return node


def endless(pick: Any) -> Any:
    return [endless(pick)]


@pytest.mark.parametrize("make", NESTED.values(), ids=NESTED)
def test_what_is_nested_without_end_is_one_line(make: Callable[[], Any]) -> None:
    assert answer(make)[1]


@inputs(100, 4_000)
def test_the_name_of_a_space_is_known_or_refused(count: int) -> None:
    files = st.tuples(st.sampled_from(["", "~", "~nobody/", "/"]), texts, st.just(".py")).map(
        "".join
    )

    @fuzzed(count, st.one_of(texts, files))
    def property_of(name: str) -> str:
        return "refused" if answer(lambda: load_space(name), typed=True)[1] else "worked"
