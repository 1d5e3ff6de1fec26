"""A space as one net: where one operation would be picked, its relaxed value has them all.

The relaxed value has the form of any value of the space, but says for a decision

    {"path": "normal/nodes/1/2/op", "options": ["none", "skip_connect", …]}

where one of the options would stand: a *mixture*. A chain, a `Repeat` of layers that say their
"type", becomes `{"length": mixture, "layers": […]}`, in which all that is open is a mixture. What
a supernet learns about mixtures, their *strengths* by path, becomes an architecture of the same
space again by `derive`; an architecture tells which option of each mixture it takes by `taken`.
"""

from collections.abc import Iterator, Mapping, Sequence

from raynas.space.architecture import Architecture
from raynas.space.cells import Cell
from raynas.space.decision import JSON, Decision, Space
from raynas.space.nodes import Constant, Node, Record, Repeat, Sequenced, When, join
from raynas.space.relaxation.relaxed_cell import relax_cell, strongest_of_cell, taken_by_cell
from raynas.space.relaxation.relaxed_chain import relax_chain
from raynas.space.walks import replay, walk

Strengths = Mapping[str, Sequence[float]]
"""A number for each option of each mixture, by the mixture's path."""


def relax(space: Space, *, channels_part: int = 1) -> Architecture:
    """Return the space's one relaxed value, as an architecture without picks.

    Cells and chains are relaxed, within records and fixed sequences. In a cell every node reads
    all earlier places; where it would read only some, the mixtures have the operation "none", too.
    `channels_part`: each mixture of operations works on one part in so many of the channels
    (PC-DARTS, Xu 2020, https://arxiv.org/abs/1907.05737); chains have no such parts.

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


def first_chain(value: JSON) -> str | None:
    """Return the path of the first chain of a relaxed value, None where it has cells only."""
    paths = (str(mixture["path"]) for mixture in mixtures(value))
    lengths = (path for path in paths if path.rpartition("/")[2] == "length")
    return next((path.removesuffix("length").rstrip("/") or "it" for path in lengths), None)


def derive(space: Space, strengths: Strengths) -> Architecture:
    """Return the architecture of the strongest options (Liu 2019, section 2.4).

    Where a node reads every earlier place an edge takes its strongest operation, "none" included.
    Where it reads some, these are the places whose strongest operation but "none" is strongest,
    and each takes that operation.

    Raises:
        ValueError: the space cannot be relaxed.
    """
    edges = {
        place: index
        for path, cell in _cells(space, "")
        for place, index in strongest_of_cell(cell, path, strengths).items()
    }

    def strongest(decision: Decision) -> int:
        if decision.path in edges:
            return edges[decision.path]
        weights = strengths[decision.path]
        return max(range(len(weights)), key=weights.__getitem__)

    return walk(space, strongest)[0]


def taken(space: Space, picks: Mapping[str, int]) -> dict[str, int | None]:
    """Return which option an architecture takes of each mixture; None where it takes none at all.

    Raises:
        ValueError: it is no architecture of this space, or the space cannot be relaxed.
    """
    value = replay(space, picks).value
    chosen = {
        mixture["path"]: picks.get(mixture["path"]) for mixture in mixtures(relax(space).value)
    }
    for path, cell in _cells(space, ""):
        part = value
        for name in filter(None, path.split("/")):
            part = part[int(name) if isinstance(part, list) else name]
        chosen |= taken_by_cell(cell, path, part)
    return chosen


def _relaxed(node: Space, path: str, part: int) -> JSON:
    match node:
        case Cell():
            return relax_cell(node, path, part)
        case Constant():
            return node(lambda decision: 0)
        case Repeat() if part == 1:
            return relax_chain(node, path)
    inside = _inside(node, path)
    if isinstance(node, Sequenced):
        return [_relaxed(item, at, part) for at, item in inside]
    return {at.rpartition("/")[2]: _relaxed(item, at, part) for at, item in inside}


def _cells(node: Space, path: str) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of a space, each with its path."""
    if isinstance(node, Cell):
        yield path, node
    elif not isinstance(node, Constant | Repeat):
        for at, item in _inside(node, path):
            yield from _cells(item, at)


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
        raise _cannot(f"{where} is a {kind}" + " (with partial channels)" * (kind == "Repeat"))
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
        f"the space cannot be relaxed into a supernet: {why}; what can be are Cells and "
        "chains (a Repeat of records with a type), in Records whose other fields are constants"
    )
