"""What Tune saves of a strategy is enough; and what is sent to other processes."""

import pickle
from pathlib import Path

import pytest
from ray import cloudpickle
from strategy_cases import CASES, SPACES, drive, make, mostly

from raynas.strategies import Strategy
from raynas.testing.driving import picked
from raynas.tune import StrategySearcher

pytestmark = pytest.mark.parametrize(("name", "label"), [c for c in CASES if c[1] == "cells"])


def test_a_searcher_saved_and_restored_goes_on_the_same(
    name: str, label: str, tmp_path: Path
) -> None:
    searcher = StrategySearcher(make(name, SPACES[label], seed=4))
    drive(searcher.strategy, 15, mostly)
    for trial in ("x", "y"):
        searcher.suggest(trial)
    searcher.save(str(tmp_path / "state.pkl"))
    restored = StrategySearcher(make(name, SPACES[label], seed=8))
    restored.restore(str(tmp_path / "state.pkl"))
    for one in (searcher, restored):
        one.on_trial_complete(trial_id="y", result={"val_accuracy": 0.7})
        one.on_trial_complete(trial_id="x", result=None)
    assert restored.strategy.history == searcher.strategy.history
    assert picked(drive(restored.strategy, 8)) == picked(drive(searcher.strategy, 8))


def test_a_copy_through_cloudpickle_goes_on_the_same(name: str, label: str) -> None:
    strategy = make(name, SPACES[label])
    drive(strategy, 12)
    copy: Strategy = pickle.loads(cloudpickle.dumps(strategy))  # type: ignore[no-untyped-call]  # untyped
    assert picked(drive(copy, 8)) == picked(drive(strategy, 8))
