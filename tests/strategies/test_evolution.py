"""Regularized evolution does what Real 2019, Algorithm 1, says."""

from typing import Any

import numpy as np
import pytest
from strategy_cases import ask, drive, tell

from raynas.space import Architecture, Choice, Record, mutate
from raynas.strategies import RandomSearch, RegularizedEvolution, Strategy

SPACE = Record({f"x{i}": Choice(range(6)) for i in range(8)})


def sum_of(architecture: Architecture) -> float:
    return float(sum(architecture.value.values()))


def differing(one: Architecture, other: Architecture) -> list[str]:
    return [path for path, index in one.picks.items() if other.picks[path] != index]


def test_it_starts_with_a_random_population() -> None:
    proposals = drive(RegularizedEvolution(SPACE, population=10, tournament=3), 20, sum_of)
    assert [bool(p.parents) for p in proposals] == [False] * 10 + [True] * 10


def test_a_child_differs_from_its_parent_in_one_decision() -> None:
    proposals = drive(RegularizedEvolution(SPACE, population=10, tournament=3), 80, sum_of)
    for child in proposals[10:]:
        (parent,) = child.parents
        assert len(differing(child.architecture, proposals[parent].architecture)) == 1


def test_parents_come_from_the_last_evaluations() -> None:
    strategy = RegularizedEvolution(SPACE, population=7, tournament=7, duplicates=True)
    for number in range(120):
        alive = {e.number for e in strategy.history[-7:]}
        proposal = ask(strategy)
        assert set(proposal.parents) <= alive
        tell(strategy, number, -float(number))  # the older, the better: yet the oldest dies


def test_failures_never_enter_the_population() -> None:
    strategy = RegularizedEvolution(SPACE, population=5, tournament=5)
    failed: set[int] = set()
    for number in range(80):
        assert not failed & set(ask(strategy).parents)
        if number % 3 == 0:
            failed.add(number)
        tell(strategy, number, None if number in failed else 1.0)


def test_the_tournament_draws_with_replacement() -> None:
    """Rank r of P is the winner of S draws with the chance (1 - r/P)^S - (1 - (r+1)/P)^S."""
    population, tournament, rounds = 5, 3, 3000
    strategy = RegularizedEvolution(SPACE, population=population, tournament=tournament)
    for number in range(population):
        ask(strategy)
        tell(strategy, number, -float(number))  # the rank of a trial is its number
    rng = np.random.default_rng(0)
    wins = np.bincount(
        [strategy.propose(rng).parents[0] for _ in range(rounds)], minlength=population
    )
    ranks = np.arange(population + 1) / population
    expected = (1 - ranks[:-1]) ** tournament - (1 - ranks[1:]) ** tournament
    assert np.abs(wins / rounds - expected).max() < 0.03
    assert wins[-1] > 0  # without replacement the last two could never win


def test_a_tournament_may_be_larger_than_the_population() -> None:
    proposals = drive(RegularizedEvolution(SPACE, population=3, tournament=50), 20, sum_of)
    assert len(proposals) == 20


def test_a_duplicate_child_re_enters_the_population() -> None:
    space = Choice(range(6))
    strategy = RegularizedEvolution(space, population=2, tournament=1)
    proposals = drive(strategy, 6, lambda a: float(a.value))
    assert any(p.repeats for p in proposals)
    for place, evaluation in enumerate(strategy.history):
        if evaluation.repeated:
            assert evaluation.number in {e.number for e in strategy.history[:place]}


def test_crossover_mixes_two_parents_and_mutates_once() -> None:
    strategy = RegularizedEvolution(SPACE, population=20, tournament=2, crossover=1.0)
    proposals = drive(strategy, 100, sum_of)
    mixed = 0
    for child in proposals[20:]:
        if not child.parents:
            continue
        one, other = (proposals[number].architecture for number in child.parents)
        foreign = [
            path
            for path, index in child.architecture.picks.items()
            if index not in (one.picks[path], other.picks[path])
        ]
        assert len(foreign) <= 1
        mixed += len(differing(child.architecture, one)) > 1
    assert mixed > 30


def test_crossover_is_a_chance() -> None:
    strategy = RegularizedEvolution(SPACE, population=10, tournament=2, crossover=0.3)
    pairs = sum(len(p.parents) == 2 for p in drive(strategy, 210, sum_of))
    assert 35 < pairs < 85


def best_after(strategy: Strategy, trials: int) -> float:
    return max(sum_of(proposal.architecture) for proposal in drive(strategy, trials, sum_of))


def test_it_beats_random_search_on_every_seed_and_mostly_finds_the_optimum() -> None:
    """The optimum (40) is one of 1,679,616 architectures; each search sees 800."""
    evolved = [
        best_after(RegularizedEvolution(SPACE, seed=seed, population=20, tournament=8), 800)
        for seed in range(8)
    ]
    drawn = [best_after(RandomSearch(SPACE, seed=seed), 800) for seed in range(8)]
    assert all(one > other for one, other in zip(evolved, drawn, strict=True))
    assert max(drawn) < 40
    assert sum(best == 40 for best in evolved) >= 6


def test_a_child_inherits_the_most_of_its_parent() -> None:
    """In NePS 0.17 a child kept 1.2 of 6 decisions of its parent, as many as by chance."""
    rng = np.random.default_rng(0)
    space = Record({str(i): Choice(range(5)) for i in range(6)})
    parent = drive(RandomSearch(space), 1)[0].architecture
    kept = [6 - len(differing(mutate(space, parent, rng), parent)) for _ in range(50)]
    assert kept == [5] * 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 0}, "population: expected an integer from 1, got 0"),
        ({"population": 2.5}, "population: expected an integer from 1, got 2.5"),
        ({"tournament": -3}, "tournament: expected an integer from 1, got -3"),
        ({"tournament": "five"}, "tournament: expected an integer from 1, got 'five'"),
        ({"crossover": 1.5}, "crossover: expected a number from 0 to 1, got 1.5"),
        ({"crossover": float("nan")}, "crossover: expected a number from 0 to 1, got nan"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RegularizedEvolution(SPACE, **options)
