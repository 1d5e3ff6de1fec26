"""Dominance, fronts, crowding and hypervolume, against slow definitions and known values."""

import numpy as np
import pytest

from raynas.pareto import crowding_distance, dominates, front, hypervolume, ranks


def random_points(seed: int, objectives: int, ties: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = rng.random((40, objectives))
    return np.round(points * 5) if ties else points


def slow_ranks(points: np.ndarray) -> list[int]:
    """Peel off front after front, as the definition says."""
    rank, left, number = [-1] * len(points), set(range(len(points))), 0
    while left:
        peeled = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        for i in peeled:
            rank[i] = number
        left, number = left - peeled, number + 1
    return rank


def test_dominance():
    assert dominates([1, 2], [1, 3])
    assert not dominates([1, 2], [1, 2])
    assert not dominates([1, 3], [2, 2])
    assert dominates([1.0], [np.inf])


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_ranks_are_those_of_the_definition(objectives, ties):
    for seed in range(5):
        points = random_points(seed, objectives, ties)
        assert ranks(points).tolist() == slow_ranks(points)
        assert front(points).tolist() == [i for i, r in enumerate(slow_ranks(points)) if r == 0]


def test_equal_points_share_a_front():
    assert ranks([[1, 1], [1, 1], [2, 2], [0, 3]]).tolist() == [0, 0, 1, 0]


def test_no_points():
    assert ranks([]).tolist() == []
    assert front([]).tolist() == []
    assert crowding_distance([]).tolist() == []
    assert hypervolume([], [1, 1]) == 0


def test_crowding_is_the_box_around_a_point():
    points = [[0, 10], [1, 6], [4, 4], [10, 0]]
    distance = crowding_distance(points)
    assert distance[0] == distance[3] == np.inf
    assert distance[1] == pytest.approx(4 / 10 + 6 / 10)
    assert distance[2] == pytest.approx(9 / 10 + 6 / 10)


def test_crowding_of_equal_points_is_nothing():
    assert crowding_distance([[1, 1], [1, 1], [1, 1]]).tolist() == [0, 0, 0]


def test_hypervolume_of_known_shapes():
    assert hypervolume([[1, 1]], [3, 4]) == 6
    assert hypervolume([[1, 3], [2, 2], [3, 1]], [4, 4]) == 6
    assert hypervolume([[1, 3], [2, 2], [3, 1], [3, 3]], [4, 4]) == 6
    assert hypervolume([[4, 0], [5, 5]], [4, 4]) == 0
    assert hypervolume([[2.0]], [5.0]) == 3
    assert hypervolume([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [2, 2, 2]) == 7


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_hypervolume_is_what_random_points_say(objectives):
    rng = np.random.default_rng(objectives)
    points = rng.random((12, objectives))
    thrown = rng.random((100_000, objectives))
    dominated = (points[None] <= thrown[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(points, np.ones(objectives)) == pytest.approx(dominated, abs=0.006)


def test_hypervolume_grows_only_by_what_is_better():
    points = random_points(1, 3, ties=False)
    reference = np.ones(3)
    best = points[front(points)]
    assert hypervolume(best, reference) == pytest.approx(hypervolume(points, reference))
    assert hypervolume([*points, [-0.1, 0.5, 0.5]], reference) > hypervolume(points, reference)


@pytest.mark.parametrize(
    ("points", "message"),
    [([1, 2, 3], "expected shape"), ([[1, np.nan]], "got NaN")],
)
def test_what_is_no_points_is_refused(points, message):
    with pytest.raises(ValueError, match=message):
        ranks(points)


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(ValueError, match="one value an objective"):
        hypervolume([[1, 2]], [3, 3, 3])
