"""The contract of a space as such: it is a function of its picks, and every walk works."""
# ruff: noqa: S101 (tests assert)

import json
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, ClassVar

import numpy as np
import pytest

from raynas.space import (
    Architecture,
    Encoder,
    LoadedSpace,
    Space,
    canonical_id,
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

Picks = tuple[tuple[str, int], ...]


class WalkContract:
    """What every space must do, whoever searches it; a subclass implements `make`."""

    samples: ClassVar[int] = 40
    """How many random architectures most tests look at."""
    listed: ClassVar[int] = 1000
    """Up to how many walks a space is gone through whole."""

    def make(self) -> Space | LoadedSpace:
        """Return the space, or a space file that has been loaded (`load_space("mine.py")`)."""
        raise NotImplementedError("say in make() which space it is")

    @property
    def space(self) -> Space:
        """The space."""
        made = self.make()
        return made.space if isinstance(made, LoadedSpace) else made

    def drawn(self, count: int = 0) -> list[Architecture]:
        """Return random architectures, always the same ones."""
        rng, space = np.random.default_rng(7), self.space
        return [sample(space, rng) for _ in range(count or self.samples)]

    def members(self) -> list[Architecture]:
        """Return every walk of a small space; of a large one the test is skipped."""
        members = list(islice(enumerate_all(self.space), self.listed + 1))
        if len(members) > self.listed:
            pytest.skip(f"it has more than {self.listed} walks")
        return members

    def test_the_same_picks_are_the_same_walk(self) -> None:
        """Walked again with the same answers it asks the same and returns the same value."""
        space = self.space
        for architecture in self.drawn():
            walks = []
            for _ in range(2):
                answers = iter(architecture.picks.values())
                walks.append(walk(space, lambda _, answers=answers: next(answers, 0)))  # type: ignore[misc]  # mypy: default of a lambda
            (one, asked), (other, asked_again) = walks
            assert one.picks == other.picks == architecture.picks
            assert one.value == other.value == architecture.value
            assert asked == asked_again

    def test_the_same_generator_draws_the_same(self) -> None:
        """A sample depends on the generator alone."""
        assert [a.picks for a in self.drawn()] == [a.picks for a in self.drawn()]

    def test_a_value_survives_json(self) -> None:
        """A value is plain JSON data: written and read back it is equal, with its picks and id."""
        for architecture in self.drawn():
            assert json.loads(json.dumps(architecture.value)) == _as_json(architecture.value)
            back = Architecture.from_json(architecture.to_json())
            assert (back.picks, back.id) == (architecture.picks, architecture.id)
            assert replay(self.space, back.picks) == back

    def test_replay_rebuilds(self) -> None:
        """Picks lead to the value that they were drawn with."""
        for architecture in self.drawn():
            again = replay(self.space, architecture.picks)
            assert (again.value, again.picks) == (architecture.value, architecture.picks)

    def test_changing_a_value_does_not_change_the_space(self) -> None:
        """Each walk returns a value of its own: a build may change it."""
        space = self.space
        for architecture in self.drawn(5):
            expected = architecture.id
            _spoil(replay(space, architecture.picks).value)
            assert replay(space, architecture.picks).id == expected

    def test_decisions_are_those_that_were_answered(self) -> None:
        """`decisions_of` lists what an architecture answered, in order."""
        for architecture in self.drawn(10):
            decisions = decisions_of(self.space, architecture)
            assert [d.path for d in decisions] == list(architecture.picks)

    def test_size_is_the_number_of_walks(self) -> None:
        """Enumerating gives different walks, as many as the size says."""
        walks = list(islice(enumerate_all(self.space), self.listed + 1))
        assert len(set(map(_picks, walks))) == len(walks)
        total = size(self.space, limit=self.listed)
        if len(walks) <= self.listed:
            assert total == len(walks)
        else:
            assert total is None or total > self.listed

    def test_samples_are_members(self) -> None:
        """What is drawn is among what enumerating lists."""
        members = set(map(_picks, self.members()))
        assert set(map(_picks, self.drawn(200))) <= members

    def test_a_mutation_changes_one_decision_and_keeps_the_rest(self) -> None:
        """Other decisions change only where they are newly asked, or asked with fewer options."""
        rng, space = np.random.default_rng(1), self.space
        for parent in self.drawn():
            child = mutate(space, parent, rng)
            asked = {d.path: d for d in decisions_of(space, child)}
            if all(len(d.options) == 1 for d in decisions_of(space, parent)):
                assert child == parent
                continue
            changed = [p for p in asked if p in parent.picks and child.picks[p] != parent.picks[p]]
            assert changed
            for path in changed[1:]:
                assert parent.picks[path] >= len(asked[path].options)
            order = list(child.picks)
            for path in child.picks.keys() - parent.picks.keys():
                assert order.index(path) > order.index(changed[0])

    def test_mutation_reaches_every_decision(self) -> None:
        """No decision with several options is left as it is for ever."""
        rng, space = np.random.default_rng(2), self.space
        parent = self.drawn(1)[0]
        several = {d.path for d in decisions_of(space, parent) if len(d.options) > 1}
        changed: set[str] = set()
        for _ in range(25 * len(several)):
            child = mutate(space, parent, rng)
            changed |= {p for p in several if child.picks.get(p) != parent.picks[p]}
        assert changed == several

    def test_crossover_takes_every_decision_from_a_parent(self) -> None:
        """A child is of the space; what a parent could answer is answered by one of them."""
        rng, space = np.random.default_rng(3), self.space
        for one, other in pairwise(self.drawn()):
            child = crossover(space, one, other, rng)
            assert replay(space, child.picks) == child
            options = {d.path: len(d.options) for d in decisions_of(space, child)}
            for path, index in child.picks.items():
                known = {p.picks[path] for p in (one, other) if path in p.picks}
                possible = {pick for pick in known if pick < options[path]}
                assert not possible or index in possible
            assert crossover(space, one, one, rng) == one

    def test_neighbours_differ_in_one_decision(self) -> None:
        """Each neighbour is of the space, and is listed once."""
        space = self.space
        for architecture in self.drawn(3):
            around = list(islice(neighbours(space, architecture), 300))
            assert len(set(map(_picks, around))) == len(around)
            for other in around:
                assert other != architecture
                assert replay(space, other.picks) == other

    def test_the_encoder_tells_walks_apart(self) -> None:
        """It knows every decision that a walk can ask, and no two walks are encoded alike."""
        encoder = Encoder(self.space)
        walks = {_picks(a): a for a in _first(self.space, self.listed)}
        walks.update({_picks(a): a for a in self.drawn(200)})
        rows = encoder.encode(walks.values())
        assert rows.shape == (len(walks), len(encoder)) == (len(walks), len(encoder.names))
        assert rows.dtype == np.float32
        assert len({row.tobytes() for row in rows}) == len(walks)
        assert rows.size == 0 or (rows.min() >= 0 and rows.max() <= 1)
        assert len(set(encoder.names)) == len(encoder.names)

    def test_what_a_value_computes_has_a_stable_id(self) -> None:
        """The canonical id of a value is that of the value read back from JSON."""
        for architecture in self.drawn(10):
            once = canonical_id(architecture.value)
            assert once == canonical_id(json.loads(json.dumps(architecture.value)))


def _first(space: Space, count: int) -> Iterator[Architecture]:
    return islice(enumerate_all(space), count)


def _picks(architecture: Architecture) -> Picks:
    return tuple(architecture.picks.items())


def _as_json(value: Any) -> Any:
    """Return a value with its tuples as lists."""
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value


def _spoil(value: Any) -> None:
    """Empty every list and dict of a value."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _spoil(item)
        value.clear()
