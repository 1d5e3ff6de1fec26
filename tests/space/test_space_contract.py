"""What holds for every space, over the table of examples."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from example_spaces import EXAMPLES, Example

from raynas.space import (
    Architecture,
    Encoder,
    crossover,
    decisions_of,
    enumerate_all,
    mutate,
    neighbours,
    replay,
    sample,
    size,
    walk,
)

pytestmark = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


def differing(one: Architecture, other: Architecture) -> set[str]:
    """Paths that both answered, differently."""
    return {p for p in one.picks.keys() & other.picks.keys() if one.picks[p] != other.picks[p]}


def drawn(example: Example, count: int = 60) -> list[Architecture]:
    rng = np.random.default_rng(7)
    return [sample(example.space, rng) for _ in range(count)]


def test_size_is_the_number_of_different_architectures(example: Example) -> None:
    listed = list(enumerate_all(example.space))
    assert size(example.space) == example.size == len(listed) == len({a.id for a in listed})


def test_samples_are_members_and_cover_a_small_space(example: Example) -> None:
    members = set(enumerate_all(example.space))
    samples = set(drawn(example, 400))
    assert samples <= members
    if example.size <= 30:
        assert samples == members


def test_same_generator_same_sample(example: Example) -> None:
    assert [a.picks for a in drawn(example)] == [a.picks for a in drawn(example)]


def test_replay_rebuilds(example: Example) -> None:
    for architecture in drawn(example):
        again = replay(example.space, architecture.picks)
        assert (again, again.picks) == (architecture, architecture.picks)
        assert again.value == architecture.value


def test_json_round_trip(example: Example) -> None:
    for architecture in drawn(example):
        back = Architecture.from_json(architecture.to_json())
        assert (back.value, back.picks, back.id) == (
            architecture.value,
            architecture.picks,
            architecture.id,
        )
        assert replay(example.space, back.picks) == back


def test_first_architecture_keeps_its_id(example: Example) -> None:
    assert walk(example.space, lambda decision: 0)[0].id == example.first


def test_changing_a_value_does_not_change_the_space(example: Example) -> None:
    def spoil(value: Any) -> None:
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, dict | list):
                spoil(item)
        value.clear()

    value = walk(example.space, lambda decision: 0)[0].value
    if isinstance(value, dict | list):
        spoil(value)
    assert walk(example.space, lambda decision: 0)[0].id == example.first


def test_mutation_changes_exactly_one_decision_and_inherits_the_rest(example: Example) -> None:
    rng = np.random.default_rng(1)
    for parent in drawn(example):
        child = mutate(example.space, parent, rng)
        if example.size == 1:
            assert child == parent
            continue
        assert child != parent
        assert len(differing(parent, child)) == 1
        for path in child.picks.keys() - parent.picks.keys():
            (changed,) = differing(parent, child)
            order = list(child.picks)
            assert order.index(path) > order.index(changed)


def test_mutation_reaches_every_neighbour(example: Example) -> None:
    rng = np.random.default_rng(2)
    parent = drawn(example, 1)[0]
    children = {mutate(example.space, parent, rng) for _ in range(600)}
    if example.size > 1:
        assert set(neighbours(example.space, parent)) <= children


def test_crossover_takes_every_decision_from_a_parent(example: Example) -> None:
    rng = np.random.default_rng(3)
    members = set(enumerate_all(example.space))
    parents = drawn(example)
    for one, other in pairwise(parents):
        child = crossover(example.space, one, other, rng)
        assert child in members
        for path, index in child.picks.items():
            known = {p.picks[path] for p in (one, other) if path in p.picks}
            assert not known or index in known
        assert crossover(example.space, one, one, rng) == one


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


def test_decisions_are_those_that_were_answered(example: Example) -> None:
    for architecture in drawn(example, 10):
        decisions = decisions_of(example.space, architecture)
        assert [d.path for d in decisions] == list(architecture.picks)


def test_encoding_tells_architectures_apart(example: Example) -> None:
    encoder = Encoder(example.space)
    rows = encoder.encode(enumerate_all(example.space))
    assert rows.shape == (example.size, len(encoder)) == (example.size, len(encoder.names))
    assert rows.dtype == np.float32
    assert len({row.tobytes() for row in rows}) == example.size
    assert rows.size == 0 or (rows.min() >= 0 and rows.max() <= 1)
    assert len(set(encoder.names)) == len(encoder.names)
