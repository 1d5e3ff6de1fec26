"""What the options of a decision are called, read off the architectures that took them.

The record has a decision as its path and an index. Its place in the value says what the option was:
at "layers/0/units" of {"layers": [{"units": 32}]} stands 32. So no code of the run's space file has
to be run to read a report.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from raynas.report.drawing.op_names import cut, plain
from raynas.space import Architecture

_MISSING = object()
JSON = Any


@dataclass(frozen=True)
class SeenOptions:
    """One decision: its path, and its options by index, those that some architecture took."""

    path: str
    labels: dict[int, str]


def options_of(architectures: Iterable[Architecture]) -> dict[str, SeenOptions]:
    """Return every decision that some architecture answers, by path."""
    seen: dict[str, dict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for architecture in architectures:
        for path, index in architecture.picks.items():
            seen[path][index][label(path, architecture.value, architecture.picks)] += 1
    return {path: SeenOptions(path, _unique(by_index)) for path, by_index in sorted(seen.items())}


def _unique(by_index: Mapping[int, Counter[str]]) -> dict[int, str]:
    """Take each index's most common label; number them where that does not tell them apart."""
    names = {index: counts.most_common(1)[0][0] for index, counts in sorted(by_index.items())}
    if "" in names.values() or len(set(names.values())) < len(names):
        return {i: f"{name} (option {i})" if name else f"option {i}" for i, name in names.items()}
    return names


def label(path: str, value: JSON, picks: Mapping[str, int]) -> str:
    """Say what a decision came to, "" where the value does not tell."""
    steps = path.split("/")
    if steps[-1] == "length":
        part = _at(value, steps[:-1])
        return str(len(part)) if isinstance(part, list) else ""
    if len(steps) > 1 and steps[-2] == "inputs":  # does this layer read that one?
        part = _at(value, steps[:-1])
        if isinstance(part, list) and steps[-1].isdigit():
            return "yes" if int(steps[-1]) in part else "no"
    if steps[-1] == "inputs":  # of a node: where its edges start
        part = _at(value, steps[:-1])
        if isinstance(part, list) and all(isinstance(e, dict) and "input" in e for e in part):
            return " and ".join(str(edge["input"]) for edge in part)
    part = _at(value, steps)
    if part is _MISSING:
        return ""
    if isinstance(part, dict):
        return cut(_name_of(part, path, picks), 40)
    if isinstance(part, list):
        return cut(", ".join(map(plain, part)) or "nothing", 40)
    return cut(plain(part), 40)


def _name_of(record: Mapping[str, JSON], path: str, picks: Mapping[str, int]) -> str:
    """Name the record that an option stands for: by its type, else by the option's own label."""
    for field in ("type", "op"):
        if isinstance(record.get(field), str):
            return plain(record[field])
    for other in picks:
        if other.startswith(f"{path}/"):
            first = other[len(path) + 1 :].partition("/")[0]
            if first not in record and not first.isdigit():
                return plain(first)
    return ""


def _at(value: JSON, steps: list[str]) -> JSON:
    """Follow a path into a value; steps that only name an option are passed over."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list):
            if not step.isdigit() or int(step) >= len(value):
                return _MISSING
            value = value[int(step)]
        elif not isinstance(value, dict):
            return value if step == steps[-1] else _MISSING
    return value
