"""What a trial that was stopped early teaches: never as much as one that was finished."""

import pytest
from strategy_cases import SAMPLERS, SPACES, ask, drive, ids, make, recall, score_of, tell

from raynas.strategies import Evaluation, Proposal, Strategy

every_strategy = pytest.mark.parametrize("name", SAMPLERS)


def drive_stopped(
    strategy: Strategy, trials: int, finished_every: int, reached: int = 1
) -> list[Proposal]:
    """Propose and answer; what is stopped early had `reached` more than the finished ones."""
    proposals = []
    for _ in range(trials):
        proposal = ask(strategy)
        finished = proposal.number % finished_every == 0
        score = score_of(proposal.architecture)
        tell(strategy, proposal.number, score if finished else reached + score, finished=finished)
        proposals.append(proposal)
    return proposals


@every_strategy
@pytest.mark.parametrize("finished_every", [3, 100])
def test_it_goes_on_whoever_is_stopped(name: str, finished_every: int) -> None:
    strategy = make(name, SPACES["ordered"], seed=1)
    proposals = drive_stopped(strategy, 40, finished_every)
    assert len(set(ids(proposals))) == 40
    again = make(name, SPACES["ordered"], seed=1)
    told = {e.number: e for e in strategy.history if not e.repeated}
    kept = [(p, told[p.number].score, told[p.number].finished, None) for p in proposals[:20]]
    recall(again, kept)
    assert ids(drive_stopped(again, 20, finished_every)) == ids(proposals[20:])
    assert again.history == strategy.history


@every_strategy
def test_a_duplicate_of_one_that_was_stopped_is_as_unfinished(name: str) -> None:
    strategy = make(name, SPACES["function"])
    drive_stopped(strategy, 20, 2)
    for evaluation in strategy.history:
        assert evaluation.finished == (evaluation.number % 2 == 0)


def test_they_stand_between_failures_and_finished_ones() -> None:
    architecture = drive(make("random", SPACES["ordered"]), 1)[0].architecture
    failed = Evaluation(0, architecture, None)
    stopped = [Evaluation(1, architecture, score, finished=False) for score in (-0.5, 0.9)]
    finished = [Evaluation(2, architecture, score) for score in (-0.7, 0.1)]
    ordered = [failed, *stopped, *finished]
    shuffled = [ordered[place] for place in (3, 0, 4, 2, 1)]
    assert sorted(shuffled, key=lambda e: e.standing) == ordered


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in ("bayesian", "pnas")])
def test_only_their_order_counts_however_much_they_had_reached(name: str) -> None:
    """Bayesian and pnas fit the scores themselves."""
    strategies = [make(name, SPACES["nested"], seed=2) for _ in range(2)]
    for strategy, reached in zip(strategies, (1, -1), strict=True):
        drive_stopped(strategy, 40, 3, reached)
    assert [e.architecture for e in strategies[0].history] == [
        e.architecture for e in strategies[1].history
    ]


def one_finished(name: str, **options: object) -> tuple[Strategy, Proposal]:
    """Tell of one finished with a low score, and of many that were stopped early with high ones."""
    strategy = make(name, SPACES["ordered"], **options)
    return strategy, drive_stopped(strategy, 11, 1000)[0]


def test_evolution_takes_the_finished_one_for_a_parent() -> None:
    strategy, finished = one_finished("evolution", population=11, tournament=100)
    assert ask(strategy).parents == (finished.number,)


def test_greedy_stays_with_the_finished_one() -> None:
    strategy, finished = one_finished("greedy")
    assert ask(strategy).parents == (finished.number,)
