"""Nodes: the building blocks of a space, each itself a space.

    Record(
        layers=Repeat(
            Choice({
                "conv": Record(type="conv", kernel=Choice([3, 5], ordered=True)),
                "max_pool": Record(type="max_pool", kernel=3),
            }),
            1, 4,
        ),
        optimizer=Choice(["adam", "sgd"]),
        momentum=When("optimizer", ["sgd"], Choice([0.8, 0.9], ordered=True)),
    )

Constants stand for themselves; a dict is a `Record`, a list a fixed sequence. In any space made of
nodes a path always has the same options, whatever else was picked.
"""

import copy
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from raynas.space.architecture import canonical_json
from raynas.space.checks import TOO_DEEP, is_count, shown, step
from raynas.space.decision import JSON, Decision, Pick

LONGEST = 10_000
"""So many items a list may have; this only catches slips of the hand."""


class Node(ABC):
    """A space that knows its own size and can stand anywhere inside another one."""

    @abstractmethod
    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Walk: ask `pick` for every open decision below `path` and return the value."""

    @abstractmethod
    def size(self) -> int:
        """Count the different ways to walk this node, exactly."""


def join(path: str, name: object) -> str:
    """Append one step to a path; the root has the empty path."""
    return f"{path}/{name}" if path else str(name)


class Constant(Node):
    """A value that is not open."""

    def __init__(self, value: JSON) -> None:
        """Keep a JSON value.

        Raises:
            ValueError: it is not JSON data.
        """
        canonical_json(value)
        self.value = value

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Return the value (a copy, where it could be changed)."""
        return copy.deepcopy(self.value) if isinstance(self.value, list | dict) else self.value

    def size(self) -> int:
        """One."""
        return 1


class Choice(Node):
    """One of several options: plain values, or nodes (then what is in the others is not asked).

    `options` is a sequence, or a mapping from label to option; labels make paths and pictures
    readable. `ordered` says that neighbouring options are alike.
    """

    def __init__(
        self, options: Sequence[Any] | Mapping[str, Any], *, ordered: bool = False
    ) -> None:
        """Take the options.

        Raises:
            ValueError: there are none, two are equal, or one is neither a node nor JSON data.
        """
        if isinstance(options, str | bytes) or not isinstance(options, Sequence | Mapping):
            raise ValueError(f"Choice: options must be a list or a dict, got {shown(options)}")
        if not options:
            raise ValueError("Choice: options must not be empty")
        labelled = isinstance(options, Mapping)
        pairs = list(options.items() if isinstance(options, Mapping) else enumerate(options))
        self.nodes = [as_node(option) for _, option in pairs]
        texts = [str(name) if isinstance(name, int | float) else name for name, _ in pairs]
        self.names = [step(text, "Choice: a label") for text in texts]
        self.ordered = ordered
        self.labels = tuple(
            node.value if isinstance(node, Constant) and not labelled else name
            for name, node in zip(self.names, self.nodes, strict=True)
        )
        repeated = [k for k, n in Counter(map(canonical_json, self.labels)).items() if n > 1]
        if repeated:
            raise ValueError(f"Choice: options must differ, {repeated[0]} comes more than once")

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Ask for an option and walk it."""
        at = path or "choice"
        index = pick(Decision(at, self.labels, ordered=self.ordered))
        below = join(path, self.names[index])
        return self.nodes[index](pick, below if below != at else join(at, below))

    def size(self) -> int:
        """Sum of the options' sizes."""
        return sum(node.size() for node in self.nodes)


class When:
    """A field of a `Record` that is there only when an earlier field has one of some values.

    The earlier field is a `Choice` of plain values (it may itself be there only sometimes).
    """

    def __init__(self, field: str, one_of: Sequence[JSON], node: Any) -> None:
        """Make `node` depend on `field` being `one_of` the values.

        Raises:
            ValueError: `field` is no name, or `one_of` is not a list.
        """
        if not isinstance(field, str):
            raise ValueError(f"When: field must be the name of an earlier one, got {shown(field)}")
        if isinstance(one_of, str | bytes) or not isinstance(one_of, Sequence):
            raise ValueError(
                f"When: one_of must be a list of values of {field!r}, got {shown(one_of)}"
            )
        self.field = field
        self.one_of = list(one_of)
        self.node = as_node(node)
        self._texts = {canonical_json(value) for value in self.one_of}  # there 1 is not true

    def holds(self, record: Mapping[str, JSON]) -> bool:
        """Whether the field is there, given the record so far."""
        return self.field in record and canonical_json(record[self.field]) in self._texts


class Record(Node):
    """Named fields, walked in the order in which they are given; its value is a dict."""

    def __init__(self, fields: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Take the fields from a mapping, from keywords, or both.

        Raises:
            ValueError: `fields` is no mapping, a name is empty or has a "/", or a `When` refers to
                a field that does not come before it, that is no `Choice` of plain values, or that
                never has one of the values.
        """
        if not isinstance(fields, Mapping | None):
            raise ValueError(f"Record: fields must be a dict, got {shown(fields)}")
        self.fields: dict[str, Node | When] = {}
        for name, field in {**(fields or {}), **more}.items():
            step(name, "Record: a field's name")
            if isinstance(field, When) and field.field not in self.fields:
                raise ValueError(
                    f"Record: {name!r} depends on {field.field!r}, which must come before it; "
                    f"before it are: {', '.join(self.fields) or 'none'}"
                )
            self.fields[name] = field if isinstance(field, When) else as_node(field)
            if isinstance(field, When):
                legal = self._values_of(field.field)
                if not legal:
                    raise ValueError(
                        f"Record: {name!r} depends on {field.field!r}, which must be a Choice of "
                        "plain values"
                    )
                known = {canonical_json(value) for value in legal}
                for value in field.one_of:
                    if canonical_json(value) not in known:
                        raise ValueError(
                            f"Record: {name!r} depends on {field.field!r} being {shown(value)}, "
                            f"which it never is; expected some of {shown(legal)}"
                        )
        self._controls = {f.field for f in self.fields.values() if isinstance(f, When)}

    def _values_of(self, name: str) -> list[JSON]:
        """List what a field can be, if it is a choice of plain values."""
        field = self.fields[name]
        node = field.node if isinstance(field, When) else field
        options = node.nodes if isinstance(node, Choice) else []
        values = [option.value for option in options if isinstance(option, Constant)]
        return values if len(values) == len(options) else []

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Walk each field that is there."""
        record: dict[str, JSON] = {}
        for name, field in self.fields.items():
            if isinstance(field, When):
                if field.holds(record):
                    record[name] = field.node(pick, join(path, name))
            else:
                record[name] = field(pick, join(path, name))
        return record

    def size(self) -> int:
        """Product of the fields' sizes, counted per value of the fields that others depend on."""
        return self._count(list(self.fields), {})

    def _count(self, names: list[str], known: dict[str, JSON]) -> int:
        if not names:
            return 1
        name, rest = names[0], names[1:]
        field = self.fields[name]
        if isinstance(field, When):
            if not field.holds(known):
                return self._count(rest, known)
            field = field.node
        if name not in self._controls:
            return field.size() * self._count(rest, known)
        return sum(self._count(rest, {**known, name: value}) for value in self._values_of(name))


class Sequenced(Node):
    """A list with a fixed number of places."""

    def __init__(self, items: Sequence[Any]) -> None:
        """Take one node or constant a place."""
        self.items = [as_node(item) for item in items]

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Walk each place."""
        return [item(pick, join(path, i)) for i, item in enumerate(self.items)]

    def size(self) -> int:
        """Product of the places' sizes."""
        total = 1
        for item in self.items:
            total *= item.size()
        return total


class Repeat(Node):
    """A list of `minimum` to `maximum` items of one kind; how many is a decision ("…/length")."""

    def __init__(self, item: Any, minimum: int, maximum: int) -> None:
        """Repeat `item` (a node or a constant).

        Raises:
            ValueError: not 0 <= minimum <= maximum <= `LONGEST`, or no whole numbers.
        """
        counts = is_count(minimum) and is_count(maximum)
        if not counts or not 0 <= minimum <= maximum <= LONGEST:
            raise ValueError(
                f"Repeat: need whole numbers up to {LONGEST:,} with 0 <= minimum <= maximum, got "
                f"{shown(minimum)} and {shown(maximum)}"
            )
        self.item = as_node(item)
        self.lengths = tuple(range(minimum, maximum + 1))

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Ask for the length, then walk each item."""
        asked = Decision(join(path, "length"), self.lengths, ordered=True, growing=True)
        length = self.lengths[pick(asked)]
        return [self.item(pick, join(path, i)) for i in range(length)]

    def size(self) -> int:
        """Sum over the lengths of the item's size to the power of the length."""
        one = self.item.size()
        return sum(one**length for length in self.lengths)


def as_node(thing: Any) -> Node:
    """Turn what a person writes into a node: nodes stay, dicts and lists are walked, else constant.

    Raises:
        ValueError: it is neither a node nor JSON data, or nested too deeply.
    """
    if isinstance(thing, Node):
        return thing
    if isinstance(thing, When):
        raise ValueError("When: only a field of a Record can depend on another field")
    try:
        if isinstance(thing, Mapping):
            return Record(thing)
        if isinstance(thing, list | tuple):
            return Sequenced(thing)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    return Constant(thing)
