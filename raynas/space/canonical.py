"""One id for all cells that compute the same function."""

from collections.abc import Mapping
from typing import Any

from raynas.space.architecture import Architecture, canonical_json
from raynas.space.cells import NONE, SKIP, is_cell, live_edges
from raynas.space.decision import JSON
from raynas.space.isomorphism import Vertex, canonical_graph

POOLS = ("avg_pool", "max_pool")
"""How the names of operations without weights begin; every other one has weights of its own."""


def canonical_id(value: JSON) -> str:
    """Return an id that two architectures share if their cells surely compute the same functions.

    In every cell, wherever it stands in the value: edges that cannot matter are dropped; skips are
    followed (but not those that halve a map, which have weights); pools of the same places are the
    same; the order of nodes, of edges and of the concatenated outputs does not count. Two
    operations with weights stay two, even on the same place. A motif counts as what it computes; a
    value without cells has its plain id.
    """
    return Architecture(_canonical(value, {}), {}).id


def _canonical(value: JSON, motifs: Mapping[str, str]) -> JSON:
    """Replace every cell in a value by its canonical form."""
    if is_cell(value):
        return {"cell": _form(value, motifs)}
    if isinstance(value, list):
        return [_canonical(item, motifs) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = value.get("motifs")
    if isinstance(named, Mapping) and named and all(map(is_cell, named.values())):
        motifs = {**motifs, **{name: _motif(cell, motifs) for name, cell in named.items()}}
        value = {name: field for name, field in value.items() if name != "motifs"}
    return {name: _canonical(field, motifs) for name, field in value.items()}


def _motif(cell: Mapping[str, Any], motifs: Mapping[str, str]) -> str:
    """Return the operation that a motif is: none, a skip, a pool of pools, or its form in full."""
    form = _form(cell, motifs)
    if form == _form({"inputs": 1, "nodes": [], "output": [0]}, {}):
        return SKIP
    if form == _form({"inputs": 1, "nodes": [[]], "output": [1]}, {}):
        return NONE
    learns = any(_learns(label) for label, _ in form if label not in ("input 0", "output"))
    return ("" if learns else POOLS[0]) + canonical_json(form)


def _learns(op: str) -> bool:
    return not op.startswith(POOLS)


def _form(cell: Mapping[str, Any], motifs: Mapping[str, str]) -> list[list[JSON]]:
    """Reduce a cell to its operations, each on a sum of others, in an order of their own."""
    inputs, strided = cell["inputs"], cell.get("strided", False)
    nodes = [[{**e, "op": motifs.get(e["op"], e["op"])} for e in node] for node in cell["nodes"]]
    graph: list[Vertex] = [(f"input {i}", ()) for i in range(inputs)]
    pooled: dict[Vertex, int] = {}
    sums: list[tuple[int, ...]] = [(i,) for i in range(inputs)]
    for edges in live_edges({**cell, "nodes": nodes}):
        terms: list[int] = []
        for _, edge in edges:
            op, start = edge["op"], edge["input"]
            if op == SKIP and not (strided and start < inputs):
                terms += sums[start]
                continue
            vertex = (op, sums[start])
            if vertex in pooled:
                terms.append(pooled[vertex])
                continue
            terms.append(len(graph))
            if not _learns(op):
                pooled[vertex] = len(graph)
            graph.append(vertex)
        sums.append(tuple(sorted(terms)))
    graph += [("output", sums[place]) for place in cell["output"]]
    form = canonical_graph(graph)
    return [["strided", []], *form] if strided else form
