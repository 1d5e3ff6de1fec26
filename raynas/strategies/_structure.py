"""What a value is made of, as counted words: what there is of each kind, and in what order.

Unlike picks, these say the same of two values that do the same: a dead edge counts for nothing, an
identity is dropped from its path, and a layer means the same wherever it stands in a chain. A chain
is a list, or the fields of a record that are named alike but for a number ("edge0", "edge1").
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from raynas.space.architecture import canonical_json
from raynas.space.cells import NONE, SKIP, is_cell
from raynas.space.decision import JSON

IDENTITIES = frozenset({SKIP, "identity", "skip"})
"""Operations that pass on what they get (at stride 1)."""
ABSENT = frozenset({NONE, "zero"})
"""Operations that pass on nothing."""
MAX_PATHS = 256
"""Different paths to one node that are told apart; beyond it the most frequent stay."""

Words = dict[str, float]
Counted = tuple[int, str, int]
"""Group (`PARTS` or `ORDER`), word and count."""

PARTS, ORDER = 0, 1


def words_of(value: JSON) -> tuple[Words, Words]:
    """Count the words of a value: first its parts, then how they follow each other.

    Parts are the operations on a cell's live paths, the length of a chain and what stands in it;
    order is a cell's live paths and a chain's neighbouring pairs. Each word starts with the fields
    that lead to it.
    """
    groups: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for group, name, count in _words(value, ""):
        groups[group][name] += count
    return dict(groups[PARTS]), dict(groups[ORDER])


def _words(value: JSON, at: str) -> Iterator[Counted]:
    if is_cell(value):
        yield from _cell_words(value, at)
    elif isinstance(value, Mapping):
        for name, fields in _alike(value).items():
            if len(fields) > 1:
                yield from _chain_words(fields, f"{at}.{name}")
            else:
                yield from _words(fields[0], f"{at}.{name}")
    elif isinstance(value, list):
        yield from _chain_words(value, at)


def _alike(record: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Collect the fields of a record by their names without numbers, in the numbers' order."""
    alike: dict[str, list[tuple[list[int], Any]]] = {}
    for name, field in record.items():
        number = [int(digits) for digits in re.findall("[0-9]+", name)]
        alike.setdefault(re.sub("[0-9]+", "#", name), []).append((number, field))
    return {n: [f for _, f in sorted(of, key=lambda pair: pair[0])] for n, of in alike.items()}


def _cell_words(cell: Mapping[str, Any], at: str) -> Iterator[Counted]:
    """Count the live paths from the cell's inputs to its output, and the operations on them."""
    paths: list[Counter[tuple[str, ...]]] = [Counter({(f"{i}",): 1}) for i in range(cell["inputs"])]
    for edges in cell["nodes"]:
        arriving: Counter[tuple[str, ...]] = Counter()
        for edge in edges:
            op = str(edge["op"])
            if op not in ABSENT:
                for path, count in paths[edge["input"]].items():
                    arriving[path if op in IDENTITIES else (*path, op)] += count
        paths.append(Counter(dict(_most(arriving))))
    for place in cell["output"]:
        for path, count in paths[place].items():
            yield ORDER, f"{at}>{'>'.join(path)}", count
            yield from ((PARTS, f"{at}>{op}", count) for op in path[1:])


def _most(paths: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:MAX_PATHS]


def _chain_words(items: list[JSON], at: str) -> Iterator[Counted]:
    """Count a list's items, their fields and its neighbouring pairs, and walk what is nested."""
    yield PARTS, f"{at}#", len(items)
    names = []
    for item in items:
        if isinstance(item, Mapping) and not is_cell(item):
            plain = {k: v for k, v in item.items() if not isinstance(v, list | Mapping)}
            names.append(canonical_json(plain))
            yield from ((PARTS, f"{at}[{k}={canonical_json(v)}", 1) for k, v in plain.items())
            nested = {k: v for k, v in item.items() if k not in plain}
            yield from _words(nested, f"{at}[]")
        elif isinstance(item, list | Mapping):
            yield from _words(item, f"{at}[]")
            names.append("")
        else:
            names.append(canonical_json(item))
    ends = ["^", *names, "$"]
    yield from ((PARTS, f"{at}[{name}", 1) for name in names if name)
    if any(names):
        yield from ((ORDER, f"{at}[{one}{other}", 1) for one, other in pairwise(ends))
