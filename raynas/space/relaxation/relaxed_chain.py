"""How a chain is relaxed: each of its decisions becomes a mixture, at the decision's own path."""

from raynas.space.decision import JSON
from raynas.space.nodes import Choice, Constant, Node, Record, Repeat, join


def relax_chain(chain: Repeat, path: str) -> JSON:
    """Return `{"length": mixture, "layers": [one for each place of the longest chain]}`.

    A layer is a record, or a mixture of records, whose fields are one value or a mixture.

    Raises:
        ValueError: a layer is something else.
    """
    length = {"path": join(path, "length"), "options": list(chain.lengths)}
    layers = [_layer(chain.item, join(path, i)) for i in range(chain.lengths[-1])]
    return {"length": length, "layers": layers}


def _layer(node: Node, path: str) -> JSON:
    if isinstance(node, Choice):
        options = [
            _record(option, join(path, name))
            for name, option in zip(node.names, node.nodes, strict=True)
        ]
        return {"path": path, "options": options}
    return _record(node, path)


def _record(node: Node, path: str) -> JSON:
    """Relax the fields of one type of layer."""
    if not isinstance(node, Record) or not isinstance(node.fields.get("type"), Constant):
        raise _cannot(path, "is no record with a type")
    fields = {}
    for name, field in node.fields.items():
        at = join(path, name)
        if isinstance(field, Constant):
            fields[name] = field.value
        elif isinstance(field, Choice) and all(isinstance(n, Constant) for n in field.nodes):
            options = [n.value for n in field.nodes if isinstance(n, Constant)]
            fields[name] = {"path": at, "options": options}
        else:
            raise _cannot(at, "is no value or choice of values")
    return fields


def _cannot(path: str, why: str) -> ValueError:
    return ValueError(
        f"the space cannot be relaxed into a supernet: {path!r} {why}; the layers of a chain are "
        "records with a type, or a Choice of them, whose fields are values or Choices of values"
    )
