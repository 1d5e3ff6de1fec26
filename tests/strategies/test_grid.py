"""Grid search takes everything in the space's order, and says how much that is."""

from typing import Any

import pytest
from strategy_cases import SPACES, ask, drive, ids

from raynas.space import Choice, Pick, Record, Repeat, choose, enumerate_all
from raynas.strategies import GridSearch


@pytest.mark.parametrize("label", SPACES)
def test_it_follows_the_order_of_the_space(label: str) -> None:
    listed = [a.id for a in enumerate_all(SPACES[label])]
    assert ids(drive(GridSearch(SPACES[label]), len(listed))) == listed


def test_the_first_proposal_notes_the_size() -> None:
    first, second = drive(GridSearch(SPACES["ordered"]), 2)
    assert (first.notes, second.notes) == ({"size": 125}, {})


def test_with_duplicates_it_begins_again() -> None:
    proposals = drive(GridSearch(Choice([1, 2, 3]), duplicates=True), 7)
    assert [p.architecture.value for p in proposals] == [1, 2, 3, 1, 2, 3, 1]


def test_what_was_dropped_comes_up_again() -> None:
    strategy = GridSearch(Choice([1, 2, 3, 4]))
    pending = [ask(strategy) for _ in range(3)]
    strategy.drop(pending[1].number)
    assert [ask(strategy).architecture.value for _ in range(2)] == [2, 4]


def test_an_absurd_size_is_refused_with_the_size() -> None:
    space = Repeat(Choice(range(10)), 8, 8)
    with pytest.raises(ValueError, match=r"the space has 100,000,000 architectures.*largest=1,0"):
        GridSearch(space)
    assert drive(GridSearch(space, largest=10**9), 2)[1].architecture.value == [0] * 7 + [1]


def test_the_size_of_a_function_is_estimated() -> None:
    def space(pick: Pick) -> Any:
        depth = choose(pick, "depth", [4, 9], ordered=True)
        return [choose(pick, str(i), range(10)) for i in range(depth)]

    with pytest.raises(
        ValueError, match=r"has about 1,0[0-9]{2},[0-9]{3},[0-9]{3}|about 9[0-9]{2},"
    ):
        GridSearch(space)


def test_enumeration_goes_on_after_an_architecture() -> None:
    space = Record(a=Choice([1, 2]), b=Choice([1, 2, 3]))
    listed = list(enumerate_all(space))
    for place, architecture in enumerate(listed):
        assert list(enumerate_all(space, architecture)) == listed[place + 1 :]
