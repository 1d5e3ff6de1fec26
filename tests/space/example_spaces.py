"""The spaces that every contract test of `raynas.space` runs over."""

from dataclasses import dataclass
from typing import Any

from raynas.space import Cell, Choice, Infeasible, Pick, Record, Repeat, Space, Stack, When, choose


@dataclass(frozen=True)
class Example:
    space: Space
    size: int
    first: str
    """The id of the architecture with every pick at 0."""


CONV = Record(type="conv", kernel=Choice([3, 5], ordered=True), stride=Choice([1, 2]))
LAYER = Choice({"conv": CONV, "pool": Record(type="pool")})


def cell(pick: Pick) -> Any:
    """Each node points at an earlier one; written as a plain function."""
    nodes = []
    for i in range(3):
        source = choose(pick, f"{i}/from", list(range(i + 1)), pointer=True)
        op = choose(pick, f"{i}/op", ["conv", "skip"])
        nodes.append({"from": source, "op": op})
    return nodes


def conditional(pick: Pick) -> Any:
    depth = choose(pick, "depth", [0, 1, 2], ordered=True)
    return {"units": [choose(pick, f"units/{i}", [16, 32, 64], ordered=True) for i in range(depth)]}


def falling(pick: Pick) -> Any:
    """Each unit at most as wide as the one before; the walk ends where it is wider."""
    units: list[int] = []
    for i in range(choose(pick, "depth", [1, 2, 3], growing=True)):
        units.append(choose(pick, f"units/{i}", [16, 32, 64], ordered=True))
        if units[-1] > units[0]:
            raise Infeasible(f"unit {i} is wider than the first")
    return {"units": units}


OPTIMIZER = {
    "optimizer": Choice(["adam", "sgd", "rmsprop"]),
    "momentum": When("optimizer", ["sgd", "rmsprop"], Choice([0.0, 0.9], ordered=True)),
    "nesterov": When("momentum", [0.9], Choice([False, True])),
}

EXAMPLES: dict[str, Example] = {
    "constant": Example(Record(type="dense", units=8), 1, "119587634b5aca8b"),
    "plain": Example(Choice(["relu", "tanh", None, 1, True, 1.0]), 6, "6011108de9413d7b"),
    "ordered": Example(Choice([0.1, 0.01, 0.001], ordered=True), 3, "14be4b45f18e0d8c"),
    "nested": Example(LAYER, 5, "b65015f693f5d60f"),
    "deep": Example(
        Choice({"a": LAYER, "b": {"x": Choice([LAYER, "none"])}}), 11, "b65015f693f5d60f"
    ),
    "record": Example(
        Record(a=Choice([1, 2]), b=Choice(["x", "y"]), c=[1, 2]), 4, "a1871638e7d051e7"
    ),
    "sequence": Example(
        Record(ops=[Choice([1, 2]), "fixed", Choice([3, 4, 5])]), 6, "711dec0e4b08e40e"
    ),
    "repeat": Example(Repeat(LAYER, 0, 3), 1 + 5 + 25 + 125, "4f53cda18c2baa0c"),
    "conditional": Example(Record(OPTIMIZER), 1 + 2 * (1 + 2), "093a6d640329f9b5"),
    "mixed": Example(
        Record(OPTIMIZER, layers=Repeat(Choice([8, 16]), 1, 2)), 7 * 6, "a5ccd57e676f2853"
    ),
    "function": Example(conditional, 1 + 3 + 9, "4e4d3e3621e5f53c"),
    "partly legal": Example(falling, 3 + (1 + 2 + 3) + (1 + 4 + 9), "ba8b588242e82bf8"),
    "cell": Example(Cell(["none", "a"], 2), 2**1 * 2**2, "44167e637d05e7a9"),
    "cell of pairs": Example(
        Cell(["a", "b"], 2, inputs=2, edges=2, output="all"), (1 * 4) * (3 * 4), "2b6c40cb599e142a"
    ),
    "cell of blocks": Example(
        Record(c=Cell(["a", "b"], (1, 2), edges=2, distinct=False, output="unused", strided=True)),
        1 * 4 + (1 * 4) * (4 * 4),
        "a985e69fe1a0916a",
    ),
    "stack": Example(
        Stack({"k": Choice([3, 5])}, 1, 3), 2 + 2**2 * 2 + 2**3 * 2**3, "66462effb0aa0efa"
    ),
    "pointers": Example(cell, (1 * 2) * (2 * 2) * (3 * 2), "99cfaaf9a357510f"),
}
