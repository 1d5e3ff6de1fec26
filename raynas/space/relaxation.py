"""A space as one net: where one operation would be picked, its relaxed value has them all.

The relaxed value has the form of any value of the space, but says for a decision

    {"path": "normal/nodes/1/2/op", "options": ["none", "skip_connect", …]}

where one of the options would stand: a *mixture*. What a supernet learns about mixtures, their
*strengths* by path, becomes an architecture of the same space again by `derive`; an architecture
tells which option of each mixture it takes by `taken`.
"""

from collections.abc import Iterator, Mapping, Sequence

from raynas.space.architecture import Architecture
from raynas.space.cells import Cell
from raynas.space.decision import JSON, Space
from raynas.space.nodes import Constant, Node, Record, Sequenced, When, join
from raynas.space.relaxed_cell import relax_cell, strongest_of_cell, taken_by_cell
from raynas.space.walks import replay

Strengths = Mapping[str, Sequence[float]]
"""A number for each option of each mixture, by the mixture's path."""


def relax(space: Space, *, channels_part: int = 1) -> Architecture:
    """Return the space's one relaxed value, as an architecture without picks.

    In a cell every node reads all earlier places. A cell whose nodes read only some of them gets
    the operation "none", if it does not have it. `channels_part`: each mixture of operations works
    on one part in so many of the channels (PC-DARTS, Xu 2020, https://arxiv.org/abs/1907.05737).

    Raises:
        ValueError: the space cannot be relaxed; the message says what cannot, and what can.
    """
    if channels_part < 1:
        raise ValueError(f"channels_part must be at least 1, got {channels_part}")
    value = _relaxed(space, "", channels_part)
    if next(mixtures(value), None) is None:
        raise _cannot("nothing in it is open")
    return Architecture(value, {})


def mixtures(value: JSON) -> Iterator[Mapping[str, JSON]]:
    """Yield each mixture of a relaxed value once, in order; of any other value none."""
    if is_mixture(value):
        yield value
    inside = value.values() if isinstance(value, Mapping) else value
    if isinstance(inside, list) or isinstance(value, Mapping):
        for item in inside:
            yield from mixtures(item)


def is_mixture(value: JSON) -> bool:
    """Whether a value stands for several options at once."""
    return isinstance(value, Mapping) and {"path", "options"} <= value.keys()


def derive(space: Space, strengths: Strengths) -> Architecture:
    """Return the architecture of the strongest options (Liu 2019, section 2.4).

    Where a node reads every earlier place an edge takes its strongest operation, "none" included.
    Where it reads some, these are the places whose strongest operation but "none" is strongest,
    and each takes that operation.

    Raises:
        ValueError: the space cannot be relaxed.
    """
    return replay(space, _strongest(space, "", strengths))


def taken(space: Space, picks: Mapping[str, int]) -> dict[str, int | None]:
    """Return which option an architecture takes of each mixture; None where it takes none at all.

    Raises:
        ValueError: it is no architecture of this space, or the space cannot be relaxed.
    """
    return _taken(space, "", replay(space, picks).value)


def _relaxed(node: Space, path: str, part: int) -> JSON:
    match node:
        case Cell():
            return relax_cell(node, path, part)
        case Constant():
            return node(lambda decision: 0)
    inside = _inside(node, path)
    if isinstance(node, Sequenced):
        return [_relaxed(item, at, part) for at, item in inside]
    return {at.rpartition("/")[2]: _relaxed(item, at, part) for at, item in inside}


def _strongest(node: Space, path: str, strengths: Strengths) -> dict[str, int]:
    if isinstance(node, Cell):
        return strongest_of_cell(node, path, strengths)
    if isinstance(node, Constant):
        return {}
    return {
        place: index
        for at, item in _inside(node, path)
        for place, index in _strongest(item, at, strengths).items()
    }


def _taken(node: Space, path: str, value: JSON) -> dict[str, int | None]:
    if isinstance(node, Cell):
        return taken_by_cell(node, path, value)
    if isinstance(node, Constant):
        return {}
    values = value if isinstance(node, Sequenced) else value.values()
    return {
        place: index
        for (at, item), own in zip(_inside(node, path), values, strict=True)
        for place, index in _taken(item, at, own).items()
    }


def _inside(node: Space, path: str) -> list[tuple[str, Node]]:
    """List what a record or a fixed sequence holds, each with its path.

    Raises:
        ValueError: it is neither, or holds what is only sometimes there.
    """
    if isinstance(node, Sequenced):
        return [(join(path, i), item) for i, item in enumerate(node.items)]
    if not isinstance(node, Record):
        where = repr(path) if path else "it"
        kind = type(node).__name__ if isinstance(node, Node) else "plain function"
        raise _cannot(f"{where} is a {kind}")
    inside = []
    for name, field in node.fields.items():
        if isinstance(field, When):
            raise _cannot(f"{join(path, name)!r} depends on another field")
        if name == "motifs":
            raise _cannot("its cells name cells as operations, its motifs")
        inside.append((join(path, name), field))
    return inside


def _cannot(why: str) -> ValueError:
    return ValueError(
        f"the space cannot be relaxed into a supernet: {why}; what can be are Cells, alone or in "
        "Records of Cells and constants"
    )
