"""Whatever Tune hands to a searcher of any strategy; results as such are in the contract."""

import math
from typing import Any

import numpy as np
import pytest
from strategy_cases import SAMPLERS, ask, drive, home, ids, make, score_of, tell

from raynas.strategies import STRATEGIES, Evaluation, Strategy
from raynas.tune import StrategySearcher

every_strategy = pytest.mark.parametrize("name", STRATEGIES)
every_sampler = pytest.mark.parametrize("name", SAMPLERS)


def suggested(searcher: StrategySearcher, trial_id: str) -> dict[str, Any]:
    config = searcher.suggest(trial_id)
    assert isinstance(config, dict)
    return config


def one_result(name: str, result: dict[str, Any] | None, **more: Any) -> Strategy:
    searcher = StrategySearcher(make(name, home(name), metric="acc"))
    suggested(searcher, "a")
    searcher.on_trial_complete(trial_id="a", result=result, **more)
    return searcher.strategy


USELESS: dict[str, dict[str, Any]] = {
    "NaN": {"acc": math.nan},
    "inf": {"acc": math.inf},
    "-inf": {"acc": -math.inf},
    "None": {"acc": None},
    "text": {"acc": "0.5"},
    "array": {"acc": np.zeros(3)},
    "too big": {"acc": 10**400},
    "missing": {"loss": 0.5},
    "empty": {},
}


@every_sampler
@pytest.mark.parametrize("result", USELESS.values(), ids=USELESS)
def test_a_useless_result_is_a_failure_and_is_not_tried_again(
    name: str, result: dict[str, Any]
) -> None:
    strategy = one_result(name, result)
    (evaluation,) = strategy.history
    assert evaluation.score is None
    rest = drive(strategy, 60)
    assert evaluation.architecture.id not in ids(rest)
    assert all(0 not in proposal.parents for proposal in rest)


@every_strategy
@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), np.array(0.5)])
def test_any_kind_of_number_is_a_score(name: str, value: Any) -> None:
    assert [e.score for e in one_result(name, {"acc": value}).history] == [0.5]


@every_strategy
def test_an_errored_trial_is_a_failure_even_with_a_result(name: str) -> None:
    assert [e.score for e in one_result(name, None, error=True).history] == [None]
    assert [e.score for e in one_result(name, {"acc": 0.9}, error=True).history] == [None]


@every_sampler
def test_a_stopped_pending_trial_may_be_proposed_again(name: str) -> None:
    strategy = one_result(name, None)
    assert strategy.history == []
    assert strategy.pending == {}
    assert len(drive(strategy, 125)) == 125


@every_strategy
def test_an_early_stop_is_marked(name: str) -> None:
    (evaluation,) = one_result(name, {"acc": 0.5, "finished": False}).history
    assert (evaluation.score, evaluation.finished) == (0.5, False)
    (evaluation,) = one_result(name, {"acc": 0.5}).history
    assert evaluation.finished


@every_strategy
def test_a_result_counts_once(name: str) -> None:
    searcher = StrategySearcher(make(name, home(name), metric="acc"))
    suggested(searcher, "a")
    searcher.on_trial_complete(trial_id="a", result={"acc": 0.5})
    for result in ({"acc": 0.9}, None):
        searcher.on_trial_complete(trial_id="a", result=result)
        searcher.on_trial_complete(trial_id="a", result=result, error=True)
        searcher.on_trial_complete(trial_id="never suggested", result=result)
    strategy = searcher.strategy
    tell(strategy, 0, 0.9)
    tell(strategy, 99, 0.9)
    strategy.drop(99)
    assert [e.score for e in strategy.history] == [0.5]


@every_strategy
def test_scores_are_signed_by_mode(name: str) -> None:
    searcher = StrategySearcher(make(name, home(name), metric="loss", mode="min"))
    suggested(searcher, "a")
    searcher.on_trial_complete(trial_id="a", result={"loss": 0.25})
    assert [e.score for e in searcher.strategy.history] == [-0.25]


@every_strategy
def test_latest_skips_failures(name: str) -> None:
    strategy = make(name, home(name), duplicates=True)
    for number, score in enumerate([0.1, None, 0.3, math.nan, 0.5]):
        assert ask(strategy).number == number
        tell(strategy, number, score)
    assert [e.score for e in strategy.latest(2)] == [0.3, 0.5]
    assert [e.score for e in strategy.latest(9)] == [0.1, 0.3, 0.5]
    assert all(isinstance(e, Evaluation) for e in strategy.latest(9))


@every_strategy
def test_metric_and_mode_may_come_from_tune(name: str) -> None:
    searcher = StrategySearcher(make(name, home(name), metric="acc"))
    assert searcher.set_search_properties(None, None, {})
    assert (searcher.metric, searcher.mode) == ("acc", "max")
    assert searcher.set_search_properties("loss", "min", {})
    assert (searcher.metric, searcher.mode) == ("loss", "min")
    strategy = searcher.strategy
    proposal = ask(strategy)
    tell(strategy, proposal.number, score_of(proposal.architecture))
    assert [e.score for e in strategy.history] == [-score_of(proposal.architecture)]
