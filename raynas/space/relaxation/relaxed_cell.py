"""How a cell is relaxed, and how a discrete cell is read off it.

Each node of the relaxed cell reads all earlier places once; where a node has several edges that
are open one by one (`distinct=False`), it does so once for each of these.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from raynas.space.cells import NONE, Cell
from raynas.space.decision import JSON
from raynas.space.nodes import join

Strengths = Mapping[str, Sequence[float]]


def relax_cell(cell: Cell, path: str, channels_part: int) -> JSON:
    """Return the value of the cell with all edges and a mixture on each.

    Raises:
        ValueError: how many nodes there are, or where the output comes from, is open.
    """
    where = repr(path) if path else "its cell"
    if len(cell.lengths) > 1 or cell.output == "unused":
        what = "how many nodes it has" if len(cell.lengths) > 1 else "what its output joins"
        raise ValueError(
            f"the space cannot be relaxed into a supernet: {where} leaves open {what}; a Cell "
            'needs a fixed number of nodes and the output "last" or "all"'
        )
    part = {"channels_part": channels_part} if channels_part > 1 else {}
    nodes = [
        [
            {
                "input": edge % places,
                "op": {"path": _mixture(path, i, edge), "options": list(_options(cell)), **part},
            }
            for edge in range(places * _rounds(cell))
        ]
        for i, places in _nodes(cell)
    ]
    output = [cell.inputs + i for i, _ in _nodes(cell)]
    relaxed = {
        "inputs": cell.inputs,
        "nodes": nodes,
        "output": output if cell.output == "all" else output[-1:],
    }
    return {**relaxed, "strided": True} if cell.strided else relaxed


def strongest_of_cell(cell: Cell, path: str, strengths: Strengths) -> dict[str, int]:
    """Return the picks of the cell whose edges and operations are strongest."""
    picks: dict[str, int] = {}
    for i, places in _nodes(cell):
        at = join(path, f"nodes/{i}")
        best = [
            _best_op(cell, strengths[_mixture(path, i, edge)])
            for edge in range(places * _rounds(cell))
        ]
        if cell.edges == "all":
            kept = list(range(places))
        elif cell.distinct:
            ranked = sorted(range(places), key=lambda edge: -best[edge][1])
            kept = sorted(ranked[: cell.edges])
            sets = list(combinations(range(places), cell.edges))
            if len(sets) > 1:
                picks[f"{at}/inputs"] = sets.index(tuple(kept))
        else:
            kept = [
                max(range(s * places, (s + 1) * places), key=lambda edge: best[edge][1])
                for s in range(cell.edges)
            ]
            if places > 1:
                picks |= {f"{at}/{s}/input": edge % places for s, edge in enumerate(kept)}
        if len(cell.ops) > 1:
            picks |= {f"{at}/{s}/op": best[edge][0] for s, edge in enumerate(kept)}
    return picks


def taken_by_cell(cell: Cell, path: str, value: JSON) -> dict[str, int | None]:
    """Return which operation of each mixture a discrete cell takes; None on edges it lacks."""
    options = _options(cell)
    options_taken: dict[str, int | None] = {}
    for i, places in _nodes(cell):
        options_taken |= {_mixture(path, i, edge): None for edge in range(places * _rounds(cell))}
        for s, edge in enumerate(value["nodes"][i]):
            first = s * places if _rounds(cell) > 1 else 0
            options_taken[_mixture(path, i, first + edge["input"])] = options.index(edge["op"])
    return options_taken


def _best_op(cell: Cell, strengths: Sequence[float]) -> tuple[int, float]:
    """Return the index of an edge's strongest operation among the cell's own, and its strength."""
    options = _options(cell)
    counted = [op for op in cell.ops if cell.edges == "all" or op != NONE] or list(cell.ops)
    best = max(counted, key=lambda op: strengths[options.index(op)])
    return cell.ops.index(best), strengths[options.index(best)]


def _options(cell: Cell) -> tuple[str, ...]:
    """Return what an edge of the relaxed cell mixes: one that may be missing mixes "none", too."""
    return cell.ops if cell.edges == "all" or NONE in cell.ops else (NONE, *cell.ops)


def _rounds(cell: Cell) -> int:
    """Return how often a node of the relaxed cell reads each earlier place."""
    return 1 if cell.edges == "all" or cell.distinct else cell.edges


def _nodes(cell: Cell) -> list[tuple[int, int]]:
    """List the nodes, each with its number of earlier places."""
    return [(i, cell.inputs + i) for i in range(cell.lengths[0])]


def _mixture(path: str, node: int, edge: int) -> str:
    return join(path, f"nodes/{node}/{edge}/op")
