"""Cells and stacks: what their values look like, what they ask, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from raynas.space import (
    Cell,
    Choice,
    Decision,
    Repeat,
    Stack,
    decisions_of,
    describe,
    replay,
    sample,
    size,
    walk,
)
from raynas.space.cells import is_cell, live_edges, used_inputs

BENCH = Cell(["none", "skip_connect", "conv"], 3)
PAIRS = Cell(["conv", "pool"], 4, inputs=2, edges=2, output="all", strided=True)
BLOCKS = Cell(["conv", "pool"], (1, 5), inputs=2, edges=2, distinct=False, output="unused")


def first(space: Any) -> list[Decision]:
    return walk(space, lambda decision: 0)[1]


def last(space: Any) -> Any:
    return walk(space, lambda decision: len(decision.options) - 1)[0].value


def edge(place: int, op: str) -> dict[str, Any]:
    return {"input": place, "op": op}


def test_every_place_may_read_every_earlier_one() -> None:
    assert BENCH(lambda decision: 2) == {
        "inputs": 1,
        "nodes": [
            [edge(0, "conv")],
            [edge(0, "conv"), edge(1, "conv")],
            [edge(0, "conv"), edge(1, "conv"), edge(2, "conv")],
        ],
        "output": [3],
    }
    assert [d.path for d in first(BENCH)] == [
        f"nodes/{i}/{j}/op" for i in range(3) for j in range(i + 1)
    ]
    assert size(BENCH) == 3**6


def test_two_different_inputs_are_one_pointer() -> None:
    asked = {d.path: d for d in first(PAIRS)}
    assert "nodes/0/inputs" not in asked
    assert asked["nodes/1/inputs"] == Decision(
        "nodes/1/inputs", ([0, 1], [0, 2], [1, 2]), pointer=True
    )
    assert list(asked)[2:5] == ["nodes/1/inputs", "nodes/1/0/op", "nodes/1/1/op"]
    assert last(PAIRS) == {
        "inputs": 2,
        "nodes": [
            [edge(0, "pool"), edge(1, "pool")],
            [edge(1, "pool"), edge(2, "pool")],
            [edge(2, "pool"), edge(3, "pool")],
            [edge(3, "pool"), edge(4, "pool")],
        ],
        "output": [2, 3, 4, 5],
        "strided": True,
    }
    assert size(PAIRS) == (1 * 3 * 6 * 10) * 2**8


def test_any_two_inputs_are_two_pointers() -> None:
    asked = {d.path: d for d in first(BLOCKS)}
    assert list(asked) == [
        "nodes/length",
        "nodes/0/0/input",
        "nodes/0/0/op",
        "nodes/0/1/input",
        "nodes/0/1/op",
    ]
    assert asked["nodes/0/1/input"] == Decision("nodes/0/1/input", (0, 1), pointer=True)
    assert size(BLOCKS) == sum(
        np.prod([(2 + i) ** 2 * 4 for i in range(n)], dtype=int) for n in range(1, 6)
    )


def test_the_output_may_be_what_no_node_reads() -> None:
    chain = {f"nodes/{i}/{j}/op": 0 for i in range(3) for j in range(2)}
    starts = {f"nodes/{i}/{j}/input": i + 1 for i in range(3) for j in range(2)}
    whole = replay(BLOCKS, {"nodes/length": 2, **chain, **starts}).value
    assert whole["output"] == [4]
    starts |= {"nodes/2/0/input": 0, "nodes/2/1/input": 2}
    assert replay(BLOCKS, {"nodes/length": 2, **chain, **starts}).value["output"] == [3, 4]


def test_only_what_adds_blocks_is_growing() -> None:
    def growing(space: Any) -> list[str]:
        return [d.path for d in first(space) if d.growing]

    assert growing(BLOCKS) == ["nodes/length"]
    assert growing(Repeat(Choice([1, 2]), 1, 3)) == ["length"]
    assert growing(Stack({"k": Choice([1, 2])}, 1, 3)) == ["length"]
    assert growing(BENCH) == growing(PAIRS) == []


def test_a_longer_cell_begins_like_the_shorter() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        long = replay(BLOCKS, _of_length(BLOCKS, 5, rng))
        asked = decisions_of(BLOCKS, long)
        for n in range(1, 5):
            picks = {
                d.path: long.picks[d.path]
                for d in asked
                if d.growing or int(d.path.split("/")[1]) < n
            }
            short = replay(BLOCKS, {**picks, "nodes/length": n - 1})
            assert short.value["nodes"] == long.value["nodes"][:n]


def _of_length(space: Any, length: int, rng: np.random.Generator) -> dict[str, int]:
    while True:
        found = sample(space, rng)
        if len(found.value["nodes"]) == length:
            return found.picks


def test_each_layer_of_a_stack_reads_any_earlier_ones() -> None:
    space = Stack({"k": Choice([3, 5])}, 1, 3)
    value, asked = walk(space, lambda decision: len(decision.options) - 1)
    assert value.value == [
        {"k": 5, "inputs": []},
        {"k": 5, "inputs": [0]},
        {"k": 5, "inputs": [0, 1]},
    ]
    assert asked[-1] == Decision("2/inputs/1", ([], [1]), pointer=True)
    assert [d.path for d in asked] == [
        "length", "0/k", "1/k", "1/inputs/0", "2/k", "2/inputs/0", "2/inputs/1",
    ]  # fmt: skip


def test_only_edges_between_input_and_output_matter() -> None:
    cell = {
        "inputs": 2,
        "nodes": [
            [edge(0, "none")],  # computes nothing
            [edge(1, "conv"), edge(2, "conv")],  # its second edge reads nothing
            [edge(0, "conv")],  # is not read
            [edge(3, "conv"), edge(0, "none")],
        ],
        "output": [5],
    }
    assert live_edges(cell) == [[], [(0, edge(1, "conv"))], [], [(0, edge(3, "conv"))]]
    assert used_inputs(cell) == {1}
    assert used_inputs({"inputs": 1, "nodes": [[edge(0, "none")]], "output": [1]}) == set()
    assert used_inputs({"inputs": 2, "nodes": [], "output": [0]}) == {0}


def test_a_cell_is_told_from_other_values() -> None:
    assert is_cell(last(BENCH))
    assert not any(map(is_cell, [None, 3, "cell", [], {"nodes": []}, {"cell": last(BENCH)}]))


def test_a_cell_in_words() -> None:
    ops = {"nodes/0/0/op": 2, "nodes/1/0/op": 0, "nodes/1/1/op": 0, "nodes/2/0/op": 1}
    value = replay(BENCH, {**ops, "nodes/2/1/op": 2, "nodes/2/2/op": 0}).value
    assert describe({"cell": value}) == (
        "cell: node 1 = conv(input), node 2 = nothing, node 3 = skip connect(input) + conv(node 1)"
    )
    assert describe(BLOCKS(lambda d: 0)) == "node 2 = conv(input 0) + conv(input 0)"
    assert describe(last(PAIRS)).endswith("output = node 2 and node 3 and node 4 and node 5")


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "no ops": (lambda: Cell([], 3), "ops must be a list of different names, got []"),
    "a text": (lambda: Cell("conv", 3), "ops must be a list of different names, got 'conv'"),
    "equal ops": (lambda: Cell(["a", "a"], 3), "ops must be a list of different names"),
    "a slash": (lambda: Cell(["a/b"], 3), "an op must be a text without '/'"),
    "half a letter": (lambda: Cell(["a\ud800"], 3), "an op must be a text without '/'"),
    "no nodes": (lambda: Cell(["a"], 0), "nodes must be at least 1, or (least, most), got 0"),
    "nodes backwards": (lambda: Cell(["a"], (3, 2)), "or (least, most), got (3, 2)"),
    "no inputs": (lambda: Cell(["a"], 1, inputs=0), "inputs must be at least 1, got 0"),
    "too many edges": (lambda: Cell(["a"], 3, edges=2), 'edges must be "all" or 1..1'),
    "no edges": (lambda: Cell(["a"], 3, edges=0, distinct=False), "got 0"),
    "output": (lambda: Cell(["a"], 3, output="none"), "output must be"),  # type: ignore[arg-type]  # wrong on purpose
    "stack of constants": (lambda: Stack(3, 1, 2), "item must be a Record"),
    "stack with inputs": (lambda: Stack({"inputs": 1}, 1, 2), 'a Record without "inputs"'),
    "stack backwards": (lambda: Stack({"k": 1}, 3, 2), "0 <= minimum <= maximum, got 3 and 2"),
}


@pytest.mark.parametrize("make", BAD)
def test_bad_cells_are_refused(make: str) -> None:
    build, message = BAD[make]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is checked)
        build()
    assert message in str(caught.value)
