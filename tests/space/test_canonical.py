"""Cells that compute the same function have the same canonical id, others have not."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from raynas.space import (
    Architecture,
    Cell,
    Record,
    canonical_id,
    enumerate_all,
    load_space,
    sample,
)
from raynas.space.isomorphism import Vertex, canonical_graph

SKIP = "skip_connect"


def cell(*nodes: Any, output: Any = None, inputs: int = 1, **more: Any) -> dict[str, Any]:
    """Write a cell as its nodes' edges, each (input, op)."""
    return {
        "inputs": inputs,
        "nodes": [[{"input": place, "op": op} for place, op in node] for node in nodes],
        "output": output or [inputs + len(nodes) - 1],
        **more,
    }


CONV = cell([(0, "conv")])
TWO = cell([(0, "conv")], [(0, "conv")], [(1, "b"), (2, "b")])
SAME = {
    "none": (CONV, cell([(0, "none")], [(0, "conv"), (1, "conv")])),
    "dead node": (CONV, cell([(0, "x")], [(0, "conv")])),
    "skip before": (CONV, cell([(0, SKIP)], [(1, "conv")])),
    "skip after": (CONV, cell([(0, "conv")], [(1, SKIP)])),
    "skip chain": (CONV, cell([(0, SKIP)], [(1, SKIP)], [(2, "conv")], [(3, SKIP)])),
    "nothing at all": (cell([(0, "none")]), cell([(0, "none")], [(1, "conv")])),
    "edge order": (cell([(0, "a"), (0, "b")]), cell([(0, "b"), (0, "a")])),
    "node order": (
        cell([(0, "a")], [(0, "b")], [(1, "c"), (2, "d")]),
        cell([(0, "b")], [(0, "a")], [(1, "d"), (2, "c")]),
    ),
    "sums of sums": (
        cell([(0, "a"), (0, "b")], [(0, "c"), (1, SKIP)]),
        cell([(0, "c"), (0, "b")], [(0, "a"), (1, SKIP)]),
    ),
    "output order": (
        cell([(0, "a")], [(0, "b")], output=[1, 2]),
        cell([(0, "b")], [(0, "a")], output=[1, 2]),
    ),
    "equal pools": (
        cell([(0, "avg_pool_3x3")], [(1, "a"), (1, "b")]),
        cell([(0, "avg_pool_3x3")], [(0, "avg_pool_3x3")], [(1, "a"), (2, "b")]),
    ),
    "skip in a strided cell": (
        cell([(0, "a")], [(1, SKIP), (0, "b")], strided=True),
        cell([(0, "a"), (0, "b")], strided=True),
    ),
}
DIFFERENT = {
    "op": (CONV, cell([(0, "pool")])),
    "which input": (cell([(0, "a")], inputs=2), cell([(1, "a")], inputs=2)),
    "twice": (CONV, cell([(0, "conv"), (0, "conv")])),
    "identity twice": (cell([(0, SKIP)]), cell([(0, SKIP), (0, SKIP)])),
    "shared weights": (TWO, cell([(0, "conv")], [(1, "b"), (1, "b")])),
    "order of ops": (cell([(0, "a")], [(1, "b")]), cell([(0, "b")], [(1, "a")])),
    "where they join": (
        cell([(0, "a"), (0, "b")], [(1, "c")]),
        cell([(0, "a")], [(0, "b"), (1, "c")]),
    ),
    "a strided skip has weights": (
        cell([(0, SKIP)], [(1, "a"), (1, "b")], strided=True),
        cell([(0, SKIP)], [(0, SKIP)], [(1, "a"), (2, "b")], strided=True),
    ),
    "strided": (CONV, {**CONV, "strided": True}),
    "sum and concatenation": (
        cell([(0, "a"), (0, "b")]),
        cell([(0, "a")], [(0, "b")], output=[1, 2]),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_same_functions_have_one_id(name: str) -> None:
    one, other = SAME[name]
    assert canonical_id(one) == canonical_id(other)
    assert canonical_id({"x": [one]}) == canonical_id({"x": [other]}) != canonical_id(one)


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_functions_have_two(name: str) -> None:
    one, other = DIFFERENT[name]
    assert canonical_id(one) != canonical_id(other)


def with_motifs(wiring: Any, **motifs: Any) -> dict[str, Any]:
    return {"motifs": motifs, "cell": wiring}


def test_motifs_count_as_what_they_compute() -> None:
    identity, zero = cell([(0, SKIP)]), cell([(0, "none")], [(1, "conv")])
    wiring = cell([(0, "m1")], [(0, "m2"), (1, "m3")])
    expected = canonical_id({"cell": cell([(0, SKIP)], [(1, SKIP)])})
    assert canonical_id(with_motifs(wiring, m1=identity, m2=zero, m3=identity)) == expected
    one = with_motifs(wiring, m1=CONV, m2=TWO, m3=identity, m4=TWO)
    renamed = with_motifs(cell([(0, "x"), (0, "y")]), x=TWO, y=CONV)
    assert canonical_id(one) == canonical_id(renamed)
    assert canonical_id(one) != canonical_id(with_motifs(wiring, m1=CONV, m2=CONV, m3=identity))


def test_other_values_have_their_plain_id() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        architecture = sample(load_space("chain_cnn_training").space, rng)
        assert canonical_id(architecture.value) == architecture.id
    for value in (None, 3, "a", [1, [2]], {"a": 1.5}):
        assert canonical_id(value) == Architecture(value, {}).id


def test_what_is_beside_a_cell_counts() -> None:
    assert canonical_id({"cell": CONV, "lr": 1}) != canonical_id({"cell": CONV, "lr": 2})


def test_a_small_space_by_hand() -> None:
    """Two nodes with none, skip or conv: 27 cells, of which 9 compute different functions."""
    space = Record(cell=Cell(["none", SKIP, "conv"], 2))
    ids = {canonical_id(a.value) for a in enumerate_all(space)}
    # 0, x, c(x), 2x, x+c(x), c(x)+c'(x), c'(c(x)), x+c'(c(x)), c(x)+c''(c'(x))
    assert len(ids) == 9


def random_graph(rng: np.random.Generator) -> list[Vertex]:
    graph: list[Vertex] = [("in", ())]
    for v in range(1, int(rng.integers(2, 7))):
        read = rng.integers(v, size=rng.integers(1, 3)).tolist()
        graph.append((str(rng.choice(["a", "b"])), tuple(sorted(read))))
    return graph


def relabelled(graph: list[Vertex], order: Any) -> list[Vertex]:
    place = {v: i for i, v in enumerate(order)}
    return [(graph[v][0], tuple(sorted(place[s] for s in graph[v][1]))) for v in order]


def test_graphs_are_written_the_same_exactly_if_they_are_isomorphic() -> None:
    rng = np.random.default_rng(0)
    by_form: dict[str, set[str]] = {}
    for _ in range(150):
        graph = random_graph(rng)
        forms = [relabelled(graph, order) for order in permutations(range(len(graph)))]
        smallest = str(min(forms))
        ours = {str(canonical_graph(form)) for form in forms[:: max(1, len(forms) // 6)]}
        assert len(ours) == 1
        by_form.setdefault(ours.pop(), set()).add(smallest)
    assert all(len(group) == 1 for group in by_form.values())
    assert len(by_form) > 60


def test_a_graph_of_many_twins_is_written_at_once() -> None:
    twins: list[Vertex] = [("in", ()), *[("a", (0,))] * 40, ("out", tuple(range(1, 41)))]
    assert len(canonical_graph(twins)) == 42
