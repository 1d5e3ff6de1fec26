"""Any architecture as drawings: cells as graphs, lists as chains, the rest in words."""

import json
from typing import Any

from markupsafe import Markup

from raynas.report.drawing.figure import Figure
from raynas.report.drawing.graph_drawing import Box, Wire, draw_spine
from raynas.report.drawing.op_names import cut, kind_of, plain
from raynas.space import describe
from raynas.space.cells import NONE, is_cell, live_edges

MOST_LAYERS = 60
"""Layers of a chain, or nodes of a cell, that are drawn; more are told in words."""
MOST_DRAWINGS = 12

JSON = Any


def draw(value: JSON) -> list[Figure]:
    """Return the drawings of an architecture, at least one; any JSON value has some."""
    figures = _draw(value, "", 0)[:MOST_DRAWINGS]
    return figures or [_in_words("", value)]


def _draw(value: JSON, name: str, depth: int) -> list[Figure]:
    if is_cell(value) and len(value["nodes"]) <= MOST_LAYERS:
        return [Figure(plain(name) or "cell", _cell(value, name))]
    if _is_chain(value):
        return [Figure(plain(name) or "chain", _chain(value, name))]
    if not isinstance(value, dict) or depth > 4:
        return [_in_words(name, value)]
    chains = {key: field for key, field in value.items() if _is_chain(field)}
    nested = {k: f for k, f in value.items() if isinstance(f, dict)}
    figures = []
    if sum(map(len, chains.values())) <= MOST_LAYERS and chains:
        title = " → ".join(plain(key) for key in chains)
        if len(chains) == 1:
            layers = next(iter(chains.values()))
        else:  # one after the other; what a layer reads is then said in words
            layers = [layer for chain in chains.values() for layer in chain]
        figures.append(Figure(title, _chain(layers, title, alone=len(chains) == 1)))
    else:
        chains = {}
    for key, field in nested.items():
        figures += _draw(field, f"{name} {key}".strip(), depth + 1)
    rest = {k: f for k, f in value.items() if k not in chains and k not in nested and f != []}
    return [*figures, _in_words(name, rest)] if rest else figures


def _in_words(name: str, value: JSON) -> Figure:
    """Write what is not drawn: a few fields as a list, anything else as it is."""
    if isinstance(value, dict) and all(not isinstance(f, dict | list) for f in value.values()):
        rows = Markup("").join(
            Markup("<dt>{}</dt><dd>{}</dd>").format(plain(key), plain(field))
            for key, field in value.items()
        )
        return Figure(plain(name) or "settings", Markup("<dl>{}</dl>").format(rows))
    text = json.dumps(value, indent=1, ensure_ascii=False)
    body = Markup("<p>{}</p><pre>{}</pre>").format(describe(value), cut(text, 4000))
    return Figure(plain(name) or "architecture", body)


def _cell(cell: dict[str, JSON], name: str) -> Markup:
    """Draw a cell: inputs, nodes, output down the spine, an operation on each edge."""
    inputs, nodes = cell["inputs"], cell["nodes"]
    alive = {(i, j) for i, edges in enumerate(live_edges(cell)) for j, _ in edges}
    places = [Box("input" if inputs == 1 else f"input {i}", kind="end") for i in range(inputs)]
    wires = []
    for i, node in enumerate(nodes):
        used = any((i, j) in alive for j in range(len(node)))
        places.append(Box(f"node {inputs + i}", "" if used else "unused", "" if used else "none"))
        for j, edge in enumerate(node):
            if edge["op"] != NONE:
                op = _op(edge["op"])
                kind = kind_of(op) if (i, j) in alive else "none"
                wires.append(Wire(edge["input"], inputs + i, cut(op, 24), kind))
    places.append(Box("output", kind="end"))
    end = len(places) - 1
    wires += [Wire(p, end, kind="join", left=p != end - 1) for p in cell["output"]]
    return draw_spine(places, wires, f"{plain(name) or 'cell'}: {describe(cell)}")


def _op(op: JSON) -> str:
    """Name an operation; a mixture of several, as supernets have, says of how many."""
    if isinstance(op, dict) and isinstance(op.get("options"), list):
        return f"mix of {len(op['options'])}"
    return plain(op) if isinstance(op, str) else describe(op)


def _is_chain(value: JSON) -> bool:
    """Whether a value is a list of layers."""
    return (
        isinstance(value, list)
        and 0 < len(value) <= MOST_LAYERS
        and all(isinstance(layer, dict) and layer and not is_cell(layer) for layer in value)
    )


def _chain(layers: list[dict[str, JSON]], name: str, alone: bool = True) -> Markup:
    """Draw layers one below the other; where they say what they read, from there."""
    reads = [_read(layer, i) if alone else None for i, layer in enumerate(layers)]
    wired = all(read is not None for read in reads)
    places = [Box("input", kind="end")]
    wires = []
    for i, (layer, read) in enumerate(zip(layers, reads, strict=True), start=1):
        fields = {k: f for k, f in layer.items() if k not in ("type", "op")}
        if wired:
            fields.pop("inputs")
        head = plain(layer.get("type", layer.get("op", "")))
        places.append(Box(head, describe(fields), kind_of(head)))
        starts = [j + 1 for j in read or []] or [0] if wired else [i - 1]
        wires += [Wire(j, i, kind="skip" if j < i - 1 else "flow") for j in starts]
    places.append(Box("output", kind="end"))
    end = len(places) - 1
    used = {j for read in reads for j in read or []}
    last = [i + 1 for i in range(len(layers)) if i not in used] if wired else [end - 1]
    wires += [Wire(i, end, kind="flow" if i == end - 1 else "join", left=i < end - 1) for i in last]
    return draw_spine(places, wires, f"{plain(name)}: {describe(layers)}")


def _read(layer: dict[str, JSON], number: int) -> list[int] | None:
    """Return the earlier layers that a layer says it reads, None if it does not say."""
    read = layer.get("inputs")
    if not isinstance(read, list) or any(type(j) is not int or not 0 <= j < number for j in read):
        return None
    return read
