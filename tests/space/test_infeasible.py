from typing import Any

import numpy as np
import pytest

from raynas.space import (
    Architecture,
    Choice,
    Encoder,
    Infeasible,
    Pick,
    Record,
    choose,
    crossover,
    enumerate_all,
    first_of,
    load_space_source,
    mutate,
    neighbours,
    replay,
    sample,
    size,
    walk,
)

THREE = Record({name: Choice(range(5), ordered=True) for name in "abc"})


def equal(pick: Pick) -> Any:
    """Legal only where all three are equal: no change of one decision leads to another one."""
    value = THREE(pick)
    if len(set(value.values())) > 1:
        raise Infeasible(f"{value} are not equal")
    return value


def never(pick: Pick) -> Any:
    raise Infeasible(f"not even {choose(pick, 'a', [1, 2])}")


def values(architectures: Any) -> list[Any]:
    return [architecture.value["a"] for architecture in architectures]


def test_only_what_is_legal_is_counted_and_listed() -> None:
    assert values(enumerate_all(equal)) == [0, 1, 2, 3, 4]
    assert size(equal) == 5
    assert size(equal, limit=100) is None  # of its 125 walks


def test_random_draws_reach_all_that_is_legal_evenly() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount(values(sample(equal, rng) for _ in range(500)), minlength=5)
    assert counts.min() > 70


def test_a_mutation_goes_as_far_as_the_next_legal_one() -> None:
    rng = np.random.default_rng(1)
    start = replay(equal, {"a": 2, "b": 2, "c": 2})
    reached = {mutate(equal, start, rng).value["a"] for _ in range(60)}
    assert reached >= {0, 1, 3, 4}


def test_a_child_of_two_that_cannot_be_mixed_is_one_of_them() -> None:
    rng = np.random.default_rng(2)
    one, other = (replay(equal, dict.fromkeys("abc", index)) for index in (0, 4))
    assert set(values(crossover(equal, one, other, rng) for _ in range(50))) == {0, 4}


def test_what_has_no_legal_neighbour_has_none() -> None:
    start = first_of(equal)
    assert list(neighbours(equal, start)) == []
    assert list(neighbours(equal, start, np.random.default_rng(0))) == []


def test_picks_that_are_not_legal_cannot_be_replayed() -> None:
    with pytest.raises(Infeasible, match="are not equal"):
        replay(equal, {"a": 0, "b": 1, "c": 0})


def test_the_walk_says_how_far_it_came() -> None:
    def early(pick: Pick) -> Any:
        if choose(pick, "a", [1, 2]) == 2:
            raise Infeasible("2")
        return {"a": 1, "b": choose(pick, "b", [1, 2, 3])}

    with pytest.raises(Infeasible) as ended:
        walk(early, lambda decision: 1)
    assert ended.value.picks == {"a": 1}
    assert [decision.path for decision in ended.value.decisions] == ["a"]
    assert [a.value["b"] for a in enumerate_all(early)] == [1, 2, 3]
    assert len(Encoder(early)) == 5


def test_where_the_first_options_are_not_legal_another_one_comes_first() -> None:
    def odd(pick: Pick) -> Any:
        value = choose(pick, "x", [2, 4, 5])
        if value % 2 == 0:
            raise Infeasible(f"{value} is even")
        return value

    assert first_of(odd) == Architecture(5, {"x": 2})


@pytest.mark.parametrize("draw", [first_of, lambda s: sample(s, np.random.default_rng(0))])
def test_a_space_with_nothing_legal_is_told_in_one_line(draw: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^10,000 draws in a row were not legal, .*: not even \d$"
    ):
        draw(never)


FILE = """
from raynas.space import Infeasible, choose

def space(pick):
    width = choose(pick, "width", [0, 8])
    if width == {illegal}:
        raise Infeasible(f"{{width}} units")
    return {{"width": width}}

def build(value, input_shape, num_outputs): ...
"""


def test_a_space_file_may_refuse_its_first_options() -> None:
    assert size(load_space_source(FILE.format(illegal=0), "mine").space) == 1


def test_a_space_file_with_nothing_legal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mine.py: .*not legal, the last because: \d units"):
        load_space_source(FILE.format(illegal="width"), "mine")


def test_a_space_that_refuses_by_chance_is_refused() -> None:
    source = FILE.replace("{illegal}", "next(turn)").replace(
        "def space", "import itertools\nturn = itertools.cycle([0, 8, 3])\n\ndef space"
    )
    with pytest.raises(ValueError, match="depends on more than the picks"):
        load_space_source(source.replace("{{", "{").replace("}}", "}"), "mine")
