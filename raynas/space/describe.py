"""Architectures in words."""

from raynas.space.cells import NONE, is_cell
from raynas.space.decision import JSON


def describe(value: JSON) -> str:
    """Say in one line what an architecture is: "conv 3×3, 32 filters, relu → dense 16 units".

    Works for any JSON value: lists are chains, a record is led by its "type" (or "op"), texts stand
    for themselves and numbers come with the name of their field. A cell is told node by node.
    """
    if is_cell(value):
        return _cell(value)
    if isinstance(value, list):
        return " → ".join(describe(item) for item in value)
    if isinstance(value, dict):
        return _record(value)
    return _plain(value)


def _record(record: dict[str, JSON]) -> str:
    words, chains, remarks = [], [], []
    for name, field in record.items():
        if name in ("type", "op"):
            continue
        if isinstance(field, dict):
            remarks.append(f"{_plain(name)}: {describe(field)}")
        elif isinstance(field, list) and any(isinstance(item, dict | list) for item in field):
            chains.append(describe(field))
        elif isinstance(field, list):
            words.append(f"{_plain(name)} {', '.join(map(_plain, field))}" if field else "")
        else:
            words.append(_field(name, field))
    lead = _plain(record.get("type", record.get("op", "")))
    whole = " ".join(filter(None, [lead, ", ".join(filter(None, words))]))
    return "; ".join(filter(None, [" → ".join(filter(None, [whole, *chains])), *remarks]))


def _cell(cell: dict[str, JSON]) -> str:
    """Say a cell: "node 1 = nor conv 3x3(input), node 2 = skip connect(node 1)"; places as there.

    Several inputs are numbered from 0, and nodes go on from there.
    """
    inputs, nodes = cell["inputs"], cell["nodes"]

    def place(index: int) -> str:
        if index >= inputs:
            return f"node {index}"
        return "input" if inputs == 1 else f"input {index}"

    parts = []
    for i, node in enumerate(nodes):
        terms = [f"{_plain(e['op'])}({place(e['input'])})" for e in node if e["op"] != NONE]
        parts.append(f"{place(inputs + i)} = {' + '.join(terms) or 'nothing'}")
    if cell["output"] != [inputs + len(nodes) - 1]:
        parts.append(f"output = {' and '.join(map(place, cell['output']))}")
    return ", ".join(parts)


def _field(name: str, value: JSON) -> str:
    """Say one field, in the words of the field where there are some."""
    if isinstance(value, str):
        return _plain(value)
    if name == "kernel":
        return f"{value}×{value}"
    if name == "stride" and value == 1:
        return ""
    if name in ("filters", "units", "channels"):
        return f"{value} {name}"
    return f"{_plain(name)} {_plain(value)}"


def _plain(value: JSON) -> str:
    text = "none" if value is None else str(value).replace("_", " ")
    return text if text.isprintable() else ascii(text)[1:-1]
