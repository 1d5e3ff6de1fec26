"""Optuna's samplers see the walk define-by-run, the pending trials, and each evaluation once."""

import json
from dataclasses import replace
from importlib.util import find_spec

import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState
from strategy_cases import SPACES, ask, drive, ids, recall

from raynas.space import Architecture, Choice, Record, enumerate_all
from raynas.strategies import OptunaSearch, Proposal, RandomSearch
from raynas.strategies.optuna import POINTS, RANDOM_AT_FIRST, REFUSED

SPACE = Record({f"x{i}": Choice(range(6)) for i in range(5)})
ORDERED = Record({f"x{i}": Choice(range(6), ordered=True) for i in range(5)})


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
    trials = strategy._study(RandomSampler()).get_trials()
    done = [t for t in trials if t.state == TrialState.COMPLETE]
    assert len(done) == sum(e.score is not None for e in strategy.history)
    running = [t.params for t in trials if t.state == TrialState.RUNNING]
    assert [len(params) for params in running] == [len(p.architecture.picks) for p in pending]


def test_a_sampler_sees_so_many_evaluations_the_best_among_them() -> None:
    strategy, proposals = OptunaSearch(SPACE), []
    for number, architecture in zip(range(POINTS + 200), enumerate_all(SPACE), strict=False):
        proposals.append((Proposal(architecture, number=number), float(number), True, None))
    recall(strategy, proposals)
    trials = strategy._study(RandomSampler()).get_trials()
    assert len(trials) == POINTS
    assert {float(score) for score in range(POINTS + 100, POINTS + 200)} <= {
        t.value for t in trials
    }


@pytest.mark.parametrize("sampler", RANDOM_AT_FIRST)
def test_the_first_proposals_are_drawn_whatever_came_out(sampler: str) -> None:
    """A report takes them for random draws, until the first duplicate; here there is none."""
    space = Record({f"x{i}": Choice(range(6)) for i in range(12)})
    proposals = [
        ids(drive(OptunaSearch(space, sampler=sampler), RANDOM_AT_FIRST[sampler] + 3, score))
        for score in (sum_of, lambda architecture: -sum_of(architecture))
    ]
    count = RANDOM_AT_FIRST[sampler]
    assert proposals[0][:count] == proposals[1][:count]
    assert proposals[0] != proposals[1]


@pytest.mark.parametrize(
    "sampler", ["RandomSampler", "TPESampler", "BruteForceSampler", "GPSampler"]
)
def test_samplers_by_name(sampler: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(drive(OptunaSearch(SPACES["conditional"], sampler=sampler), 13)) == 13
    assert capfd.readouterr() == ("", "")


GENETIC = ["NSGAIISampler", "NSGAIIISampler"]


@pytest.mark.parametrize("sampler", [*GENETIC, "CmaEsSampler"])
def test_what_a_sampler_notes_on_its_trials_outlives_it(sampler: str) -> None:
    """Optuna's populations are of 50."""
    if sampler == "CmaEsSampler":
        pytest.importorskip("cmaes")
    whole = OptunaSearch(ORDERED, sampler=sampler, seed=1)
    proposals = drive(whole, 130, sum_of)
    first, last = (
        [sum_of(p.architecture) for p in part] for part in (proposals[:50], proposals[-20:])
    )
    assert sum(last) / 20 > sum(first) / 50
    if sampler in GENETIC:
        assert proposals[-1].notes == {"optuna": {f"{sampler}:generation": 2}}
    recalled = OptunaSearch(ORDERED, sampler=sampler, seed=1)
    told = [replace(p, notes=json.loads(json.dumps(p.notes))) for p in proposals[:115]]
    recall(recalled, [(p, sum_of(p.architecture), True, None) for p in told])
    assert ids(drive(recalled, 15, sum_of)) == ids(proposals[115:])


def test_tpe_may_model_each_decision_alone() -> None:
    together, alone = (
        ids(drive(OptunaSearch(SPACE, multivariate=multivariate), 30, sum_of))
        for multivariate in (True, False)
    )
    assert together[:10] == alone[:10], "Optuna starts with ten random ones"
    assert together != alone


@pytest.mark.parametrize("sampler", ["TPE", "BaseSampler2", "__doc__", *REFUSED])
def test_an_unknown_sampler_is_named(sampler: str) -> None:
    why = REFUSED.get(sampler, "")
    with pytest.raises(ValueError, match=f"sampler: expected .* got '{sampler}': .*{why}"):
        OptunaSearch(SPACE, sampler=sampler)


@pytest.mark.skipif(find_spec("cmaes") is not None, reason="cmaes is installed")
def test_a_missing_package_is_named() -> None:
    with pytest.raises(ValueError, match=r"'CmaEsSampler': it needs one more .* install cmaes"):
        OptunaSearch(SPACE, sampler="CmaEsSampler")
