"""Cells: small directed graphs whose edges carry operations, as one node of a space.

The value of every cell, whatever the space, is plain data of one form:

    {"inputs": 2, "nodes": [[{"input": 0, "op": "skip_connect"}, …], …], "output": [2, 3]}

A cell's *places* are numbered: its inputs come first (0 and 1 here), then its nodes (2 for the
first). A node is the sum of its edges, each an operation on an earlier place; the cell's output is
the concatenation of the places in "output". A cell that is (also) used at stride 2 says
`"strided": true`: there an operation that reads a cell input halves the map.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from math import comb, prod
from typing import Literal

from raynas.space.checks import is_count, shown, step
from raynas.space.decision import JSON, Decision, Pick
from raynas.space.nodes import Node, join

MOST_PLACES = 1_000
"""So many places a cell may have; this only catches slips of the hand."""
MOST_SETS = 100_000
"""From so many sets of places a node may choose what it reads."""

NONE = "none"
"""The operation that is no edge at all."""

SKIP = "skip_connect"
"""The operation that passes its input on."""


class Cell(Node):
    """A cell with some nodes; where its edges start and which operations they carry is open.

    `edges="all"`: every node reads every earlier place; without an edge there is the operation
    "none". `edges=2`: every node reads two earlier places; different ones, asked at once
    ("nodes/1/inputs"), or any two, asked one by one (`distinct=False`; "nodes/1/0/input").
    Operations are asked at "nodes/1/0/op". `nodes=(1, 5)` leaves how many nodes there are open, at
    "nodes/length". What has only one answer is not asked.

    `output` is the "last" node, "all" nodes, or those "unused" by other nodes.
    """

    def __init__(
        self,
        ops: Sequence[str],
        nodes: int | tuple[int, int],
        *,
        inputs: int = 1,
        edges: int | Literal["all"] = "all",
        distinct: bool = True,
        output: Literal["last", "all", "unused"] = "last",
        strided: bool = False,
    ) -> None:
        """Take the operations' names and the shape of the graph.

        Raises:
            ValueError: an option is not as described above.
        """
        listed = isinstance(ops, Sequence) and not isinstance(ops, str | bytes)
        if not listed or not ops or any(op in ops[:i] for i, op in enumerate(ops)):
            raise ValueError(f"Cell: ops must be a list of different names, got {shown(ops)}")
        ends = nodes if isinstance(nodes, Sequence) else (nodes, nodes)
        if not _rise(1, *ends, MOST_PLACES) or len(ends) != 2:
            raise ValueError(
                f"Cell: nodes must be at least 1, or (least, most), got {shown(nodes)}"
                f" (at most {MOST_PLACES:,})"
            )
        least, most = ends
        if not _rise(1, inputs, MOST_PLACES):
            raise ValueError(f"Cell: inputs must be at least 1, got {shown(inputs)}")
        if edges != "all" and not _rise(1, edges, inputs if distinct else MOST_PLACES):
            raise ValueError(
                f'Cell: edges must be "all" or 1..{inputs} where the first node reads different '
                f"inputs, got {shown(edges)}"
            )
        if edges != "all" and distinct and comb(inputs + most - 1, edges) > MOST_SETS:
            raise ValueError(
                f"Cell: the last node would choose {edges} of {inputs + most - 1} places, which "
                f"are more than {MOST_SETS:,} sets; expected fewer edges, inputs or nodes"
            )
        if output not in ("last", "all", "unused"):
            raise ValueError(f'Cell: output must be "last", "all" or "unused", got {shown(output)}')
        self.ops = tuple(step(op, "Cell: an op") for op in ops)
        self.lengths = tuple(range(least, most + 1))
        self.inputs = inputs
        self.edges = edges
        self.distinct = distinct
        self.output = output
        self.strided = strided

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Walk node by node: first where its edges start, then their operations."""
        at = join(path, "nodes")
        length = self.lengths[0]
        if len(self.lengths) > 1:
            asked = Decision(join(at, "length"), self.lengths, ordered=True, growing=True)
            length = self.lengths[pick(asked)]
        nodes = [self._node(pick, join(at, i), self.inputs + i) for i in range(length)]
        cell = {"inputs": self.inputs, "nodes": nodes, "output": self._output(nodes)}
        return {**cell, "strided": True} if self.strided else cell

    def _node(self, pick: Pick, path: str, places: int) -> list[dict[str, JSON]]:
        """Walk one node that may read `places` earlier places."""
        if self.edges == "all":
            starts = list(range(places))
        elif self.distinct:
            sets = [list(some) for some in combinations(range(places), self.edges)]
            starts = list(_pointed(pick, join(path, "inputs"), sets))
        else:
            starts = []
        edges = []
        for i in range(places if self.edges == "all" else self.edges):
            at = join(path, i)
            if len(starts) <= i:
                starts.append(_pointed(pick, join(at, "input"), list(range(places))))
            op = 0 if len(self.ops) == 1 else pick(Decision(join(at, "op"), self.ops))
            edges.append({"input": starts[i], "op": self.ops[op]})
        return edges

    def _output(self, nodes: list[list[dict[str, JSON]]]) -> list[int]:
        places = range(self.inputs, self.inputs + len(nodes))
        if self.output == "last":
            return [places[-1]]
        used = {edge["input"] for node in nodes for edge in node}
        return [place for place in places if self.output == "all" or place not in used]

    def size(self) -> int:
        """Sum over the numbers of nodes of the product of the nodes' sizes."""
        return sum(
            prod(self._node_size(self.inputs + i) for i in range(length)) for length in self.lengths
        )

    def _node_size(self, places: int) -> int:
        ops = len(self.ops)
        if self.edges == "all":
            return int(ops**places)
        starts = comb(places, self.edges) if self.distinct else places**self.edges
        return int(starts * ops**self.edges)


def _rise(*counts: object) -> bool:
    """Whether these are whole numbers, none smaller than the one before it."""
    return all(map(is_count, counts)) and list(counts) == sorted(counts)  # type: ignore[type-var]  # counts


def _pointed(pick: Pick, path: str, options: list[JSON]) -> JSON:
    """Ask for one of `options`, each an earlier place or several, unless there is only one."""
    if len(options) == 1:
        return options[0]
    return options[pick(Decision(path, tuple(options), pointer=True))]


def is_cell(value: JSON) -> bool:
    """Whether a value has the form of a cell: all that it reads comes from an earlier place."""
    if not isinstance(value, Mapping) or not {"inputs", "nodes", "output"} <= value.keys():
        return False
    inputs, nodes, output = value["inputs"], value["nodes"], value["output"]
    if type(inputs) is not int or inputs < 1 or not isinstance(nodes, list):
        return False
    return isinstance(output, list) and all(
        [_is_place(place, inputs + len(nodes)) for place in output]
        + [
            isinstance(node, list) and all(_is_edge(edge, inputs + i) for edge in node)
            for i, node in enumerate(nodes)
        ]
    )


def _is_edge(edge: JSON, places: int) -> bool:
    if not isinstance(edge, Mapping) or not isinstance(edge.get("op"), str):
        return False
    return _is_place(edge.get("input"), places)


def _is_place(index: JSON, places: int) -> bool:
    return type(index) is int and 0 <= index < places


def live_edges(cell: Mapping[str, JSON]) -> list[list[tuple[int, dict[str, JSON]]]]:
    """List, for each node, the edges that matter, each with its index within the node.

    An edge matters if it is not "none", if what it reads depends on an input of the cell, and if
    its node reaches the output over such edges. A node without any computes nothing: it is zero.
    """
    inputs = cell["inputs"]
    fed = set(range(inputs))
    kept: list[list[tuple[int, dict[str, JSON]]]] = []
    for i, node in enumerate(cell["nodes"]):
        edges = [(j, e) for j, e in enumerate(node) if e["op"] != NONE and e["input"] in fed]
        kept.append(edges)
        if edges:
            fed.add(inputs + i)
    needed = set(cell["output"])
    for i in reversed(range(len(kept))):
        if inputs + i in needed:
            needed |= {edge["input"] for _, edge in kept[i]}
        else:
            kept[i] = []
    return kept


def used_inputs(cell: Mapping[str, JSON]) -> set[int]:
    """Return the inputs of a cell that its output depends on."""
    starts = {edge["input"] for edges in live_edges(cell) for _, edge in edges}
    return {place for place in starts | set(cell["output"]) if place < cell["inputs"]}


def without_ops(cell: Mapping[str, JSON], ops: Collection[str]) -> dict[str, JSON]:
    """Return the cell with "none" on every edge that carries one of these operations."""
    nodes = [
        [{**edge, "op": NONE} if edge["op"] in ops else edge for edge in node]
        for node in cell["nodes"]
    ]
    return {**cell, "nodes": nodes}
