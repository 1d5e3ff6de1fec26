"""What a value is made of, as counted words: what there is of each kind, and in what order.

Unlike picks, these say the same of two values that do the same: a dead edge counts for nothing, an
identity is dropped from its path (but not one that halves a map: it has weights), and a layer means
the same wherever it stands in a chain. A chain is a list, or the fields of a record that are named
alike but for a number ("edge0", "edge1").
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from raynas.space.cells import NONE, SKIP, is_cell
from raynas.space.decision import JSON

IDENTITIES = frozenset({SKIP, "identity", "skip"})
"""Operations that pass on what they get (at stride 1)."""
ABSENT = frozenset({NONE, "zero"})
"""Operations that pass on nothing."""
MAX_PATHS = 256
"""Different paths to one node that are told apart; beyond it the most frequent stay."""

Words = dict[str, float]
Groups = tuple[Counter[str], Counter[str]]

PARTS, ORDER = 0, 1


def words_of(value: JSON) -> tuple[Words, Words]:
    """Count the words of a value: first its parts, then how they follow each other.

    Parts are the operations on a cell's live paths, the length of a chain and what stands in it;
    order is a cell's live paths and a chain's neighbouring pairs. Each word starts with the fields
    that lead to it.
    """
    groups: Groups = Counter(), Counter()
    _count(groups, value, "")
    return dict(groups[PARTS]), dict(groups[ORDER])


def _count(groups: Groups, value: JSON, at: str) -> None:
    if isinstance(value, list):
        _count_chain(groups, value, at)
    elif is_cell(value):
        _count_cell(groups, value, at)
    elif isinstance(value, dict):
        for name, alike in _alike(tuple(value)).items():
            if len(alike) > 1:
                _count_chain(groups, [value[field] for field in alike], f"{at}.{name}")
            else:
                _count(groups, value[alike[0]], f"{at}.{name}")


@lru_cache(maxsize=4096)
def _alike(names: tuple[str, ...]) -> dict[str, list[str]]:
    """Collect field names that are alike without their numbers, in the numbers' order."""
    alike: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: [int(n) for n in re.findall("[0-9]+", name)]):
        alike.setdefault(re.sub("[0-9]+", "#", name), []).append(name)
    return alike


def _count_cell(groups: Groups, cell: Mapping[str, Any], at: str) -> None:
    """Count the live paths from the cell's inputs to its output, and the operations on them."""
    inputs, strided = cell["inputs"], cell.get("strided", False)
    paths: list[Counter[tuple[str, ...]]] = [Counter({(f"{i}",): 1}) for i in range(inputs)]
    for edges in cell["nodes"]:
        arriving: Counter[tuple[str, ...]] = Counter()
        for edge in edges:
            op, start = str(edge["op"]), edge["input"]
            passes_on = op in IDENTITIES and not (strided and start < inputs)
            if op not in ABSENT:
                for path, count in paths[start].items():
                    arriving[path if passes_on else (*path, op)] += count
        paths.append(Counter(dict(_most(arriving))))
    for place in cell["output"]:
        for path, count in paths[place].items():
            groups[ORDER][f"{at}>{'>'.join(path)}"] += count
            for op in path[1:]:
                groups[PARTS][f"{at}>{op}"] += count


def _most(paths: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:MAX_PATHS]


def _count_chain(groups: Groups, items: list[Any], at: str) -> None:
    """Count a list's items, their fields and its neighbouring pairs, and walk what is nested."""
    parts = groups[PARTS]
    parts[f"{at}#"] += len(items)
    names = []
    for item in items:
        if isinstance(item, dict) and not is_cell(item):
            nested = {k: v for k, v in item.items() if isinstance(v, list | dict)}
            fields = [f"{k}={v!r}" for k, v in sorted(item.items()) if k not in nested]
            names.append(",".join(fields))
            for field in fields:
                parts[f"{at}[{field}"] += 1
            if nested:
                _count(groups, nested, f"{at}[]")
        elif isinstance(item, list | dict):
            _count(groups, item, f"{at}[]")
            names.append("")
        else:
            names.append(repr(item))
    for name in filter(None, names):
        parts[f"{at}[{name}"] += 1
    if any(names):
        groups[ORDER].update(f"{at}[{one};{other}" for one, other in pairwise(["^", *names, "$"]))
