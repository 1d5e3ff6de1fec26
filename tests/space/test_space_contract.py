"""Every example space passes the contract that others may subclass; and what is known of each."""

import numpy as np
import pytest
from example_spaces import EXAMPLES, Example

from raynas.space import (
    Architecture,
    Space,
    enumerate_all,
    mutate,
    neighbours,
    sample,
    size,
    walk,
)
from raynas.testing import WalkContract

every_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


class Ours(WalkContract):
    """A space of the table."""

    example: Example

    def make(self) -> Space:
        return self.example.space


for _name, _example in EXAMPLES.items():
    _class = f"Test_{_name.replace(' ', '_')}"
    globals()[_class] = type(_class, (Ours,), {"example": _example, "__module__": __name__})


def differing(one: Architecture, other: Architecture) -> set[str]:
    """Paths that both answered, differently."""
    return {p for p in one.picks.keys() & other.picks.keys() if one.picks[p] != other.picks[p]}


@every_example
def test_size_and_first_architecture_are_those_that_were_counted(example: Example) -> None:
    listed = list(enumerate_all(example.space))
    assert size(example.space) == example.size == len(listed) == len({a.id for a in listed})
    assert walk(example.space, lambda decision: 0)[0].id == example.first


@every_example
def test_samples_cover_a_small_space(example: Example) -> None:
    rng = np.random.default_rng(7)
    samples = {sample(example.space, rng) for _ in range(400)}
    if example.size <= 30:
        assert samples == set(enumerate_all(example.space))


@every_example
def test_mutation_reaches_every_neighbour(example: Example) -> None:
    rng = np.random.default_rng(2)
    parent = sample(example.space, np.random.default_rng(7))
    children = {mutate(example.space, parent, rng) for _ in range(600)}
    if example.size > 1:
        assert set(neighbours(example.space, parent)) <= children


@every_example
def test_neighbours_are_complete(example: Example) -> None:
    members = list(enumerate_all(example.space))
    for architecture in members[:: max(1, len(members) // 25)]:
        expected = {
            other
            for other in members
            if len(differing(architecture, other)) == 1
            and all(other.picks[p] == 0 for p in other.picks.keys() - architecture.picks.keys())
        }
        found = list(neighbours(example.space, architecture))
        assert set(found) == expected
        assert len(found) == len(expected)
        drawn_ones = list(neighbours(example.space, architecture, np.random.default_rng(0)))
        assert len(drawn_ones) == len(found)
        assert all(len(differing(architecture, other)) == 1 for other in drawn_ones)
