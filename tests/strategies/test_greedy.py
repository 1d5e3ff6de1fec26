"""Greedy search moves to the best neighbour, starts anew when stuck, makes nobody wait."""

from strategy_cases import ask, drive, tell

from raynas.space import Architecture, Choice, Record, neighbours
from raynas.strategies import GreedySearch

SPACE = Record({f"x{i}": Choice(range(4)) for i in range(4)})


def sum_of(architecture: Architecture) -> float:
    return float(sum(architecture.value.values()))


def test_all_neighbours_come_before_the_move() -> None:
    proposals = drive(GreedySearch(SPACE), 13, sum_of)
    around = {a.id for a in neighbours(SPACE, proposals[0].architecture)}
    assert {p.architecture.id for p in proposals[1:]} == around
    assert {p.parents for p in proposals[1:]} == {(0,)}


def test_it_moves_to_the_best_neighbour() -> None:
    proposals = drive(GreedySearch(SPACE), 14, sum_of)
    best = max(proposals[:13], key=lambda p: sum_of(p.architecture))
    (parent,) = proposals[13].parents
    assert sum_of(proposals[parent].architecture) == sum_of(best.architecture)


def test_on_a_slope_it_goes_straight_to_the_top() -> None:
    """Each of at most four moves sees at most twelve neighbours."""
    for seed in range(5):
        proposals = drive(GreedySearch(SPACE, seed=seed), 50, sum_of)
        assert max(sum_of(p.architecture) for p in proposals) == 12


def test_stuck_it_starts_anew_somewhere_at_random() -> None:
    strategy = GreedySearch(SPACE)
    proposals = drive(strategy, 120, sum_of)
    starts = [p.number for p in proposals if not p.parents]
    assert len(starts) > 1
    for start in starts[1:-1]:
        assert (start,) in {p.parents for p in proposals}


def test_a_failed_start_is_no_start() -> None:
    proposals = drive(GreedySearch(SPACE), 5, lambda a: None)
    assert [p.parents for p in proposals] == [()] * 5


def test_workers_never_wait() -> None:
    """Forty pending ones are more than there are neighbours; the rest is not idle."""
    strategy = GreedySearch(SPACE)
    tell(strategy, ask(strategy).number, 0.0)
    proposals = [ask(strategy) for _ in range(40)]
    assert len({p.architecture.id for p in proposals}) == 40
    assert [p.parents for p in proposals[:12]] == [(0,)] * 12
    for proposal in proposals[:5]:
        tell(strategy, proposal.number, sum_of(proposal.architecture))
    (center,) = ask(strategy).parents
    assert sum_of(proposals[center - 1].architecture) == max(
        sum_of(p.architecture) for p in proposals[:5]
    )
