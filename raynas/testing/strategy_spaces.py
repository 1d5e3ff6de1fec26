"""The spaces that a strategy has to search: nested, conditional, ordered, plain code and cells."""

from typing import Any

from raynas.space import Cell, Choice, Infeasible, Pick, Record, Repeat, Space, When, choose


def branching(pick: Pick) -> Any:
    """Ask for as many operations as were asked for first; a space that is a function."""
    depth = choose(pick, "depth", [1, 2, 3], ordered=True)
    return [choose(pick, f"{i}/op", ["conv", "pool", "skip"]) for i in range(depth)]


WIDTHS = Record({f"width{i}": Choice(range(6), ordered=True) for i in range(3)})


def narrowing(pick: Pick) -> Any:
    """Ask for widths that must not grow again: a quarter of all is legal."""
    value = WIDTHS(pick)
    if not value["width0"] >= value["width1"] >= value["width2"]:
        raise Infeasible("the net gets wider again")
    return value


SPACES: dict[str, Space] = {
    "nested": Repeat(
        Choice({"conv": Record(type="conv", kernel=Choice([3, 5])), "pool": Record(type="pool")}),
        1,
        4,
    ),
    "conditional": Record(
        optimizer=Choice(["adam", "sgd"]),
        momentum=When("optimizer", ["sgd"], Choice([0.0, 0.5, 0.9, 0.99], ordered=True)),
        width=Choice([8, 16, 32, 64], ordered=True),
        op=Choice(["conv", "pool", "skip"]),
    ),
    "function": branching,
    "partly legal": narrowing,
    "ordered": Record({f"x{i}": Choice(range(5), ordered=True) for i in range(3)}),
    "cells": Record(cell=Cell(["none", "skip_connect", "conv", "pool"], 2), width=8),
}
"""Spaces of a hundred architectures or so, by what is special about them."""

EQUAL_CELLS = Record(
    cell=Cell(["none", "skip_connect", "conv", "avg_pool"], 2), width=Choice([1, 2])
)
"""128 walks, many of which compute the same."""
