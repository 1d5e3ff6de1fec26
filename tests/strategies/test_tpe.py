"""Optuna's samplers see the walk define-by-run, the pending trials, and each evaluation once."""

import pytest
from optuna.trial import TrialState
from strategy_cases import SPACES, ask, drive

from raynas.space import Architecture, Choice, Record
from raynas.strategies import OptunaSearch, RandomSearch

SPACE = Record({f"x{i}": Choice(range(6)) for i in range(5)})


def sum_of(architecture: Architecture) -> float:
    return float(sum(architecture.value.values()))


def test_it_beats_random_search() -> None:
    best = [
        max(sum_of(p.architecture) for p in drive(kind(SPACE, seed=1), 60, sum_of))
        for kind in (OptunaSearch, RandomSearch)
    ]
    assert best[0] > best[1]


def test_the_study_holds_the_history_and_what_is_pending() -> None:
    strategy = OptunaSearch(SPACES["conditional"])
    drive(strategy, 6, lambda a: None if a.value["op"] == "skip" else 0.5)
    pending = [ask(strategy) for _ in range(3)]
    ask(strategy)
    trials = strategy._study.get_trials(deepcopy=False)
    done = [t for t in trials if t.state == TrialState.COMPLETE]
    assert len(done) == sum(e.score is not None for e in strategy.history)
    running = [t.params for t in trials if t.state == TrialState.RUNNING]
    assert [len(params) for params in running] == [len(p.architecture.picks) for p in pending]


@pytest.mark.parametrize("sampler", ["RandomSampler", "TPESampler", "NSGAIISampler"])
def test_samplers_by_name(sampler: str) -> None:
    assert len(drive(OptunaSearch(SPACES["conditional"], sampler=sampler), 13)) == 13


def test_tpe_may_model_decisions_together() -> None:
    assert len(drive(OptunaSearch(SPACES["conditional"], multivariate=True), 13)) == 13


@pytest.mark.parametrize("sampler", ["TPE", "BaseSampler2", "GridSampler", "__doc__"])
def test_an_unknown_sampler_is_named(sampler: str) -> None:
    with pytest.raises(ValueError, match=f"sampler: expected the name of one .* got '{sampler}'"):
        OptunaSearch(SPACE, sampler=sampler)
