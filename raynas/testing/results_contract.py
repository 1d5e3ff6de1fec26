"""Whatever a trial reports, in whatever order, or never: a strategy goes on."""
# ruff: noqa: S101 (tests assert)

import math

import numpy as np
import pytest

from raynas.space import size
from raynas.testing.driving import ask, drive, failing, ids, tell
from raynas.testing.strategy_case import StrategyCase


class ResultsContract(StrategyCase):
    """The part of the contract that is about results."""

    @pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, None])
    def test_a_useless_result_is_a_failure(self, score: float | None) -> None:
        """No number: a failure, which is not tried again and is nobody's parent."""
        strategy = self.sampler(self.home())
        proposal = ask(strategy)
        tell(strategy, proposal.number, score)
        assert [e.score for e in strategy.history] == [None]
        rest = drive(strategy, 40)
        assert proposal.architecture.id not in ids(rest)
        assert all(proposal.number not in later.parents for later in rest)

    def test_everything_may_fail(self) -> None:
        """Where no trial has a score, the space is looked through all the same."""
        space = self.home()
        strategy = self.sampler(space)
        total = size(space)
        assert total is not None
        assert len(set(ids(drive(strategy, total, failing)))) == total
        assert strategy.ask() is None

    def test_a_result_counts_once(self) -> None:
        """Telling twice, or of what was never asked for, changes nothing."""
        strategy = self.made(self.home())
        proposal = ask(strategy)
        tell(strategy, proposal.number, 0.5)
        tell(strategy, proposal.number, 0.9)
        tell(strategy, 99, 0.9)
        strategy.drop(proposal.number)
        strategy.drop(99)
        assert [e.number for e in strategy.history] == [proposal.number]
        assert [abs(e.score or 0) for e in strategy.history] == [0.5]
        assert not strategy.pending

    def test_results_may_come_in_any_order_or_never(self, label: str) -> None:
        """With six workers, whose results come in any order; the first one's never comes."""
        strategy = self.sampler(self.spaces[label])
        rng = np.random.default_rng(0)
        waiting: list[int] = []
        seen: set[str] = set()
        for number in range(30):
            proposal = ask(strategy)
            assert proposal.number == number
            assert proposal.architecture.id not in seen
            seen.add(proposal.architecture.id)
            waiting.append(number)
            while len(waiting) > 6:
                one = waiting.pop(int(rng.integers(1, len(waiting))))
                tell(strategy, one, float(rng.random()))
        assert sorted(strategy.pending) == sorted(waiting)
        assert 0 in strategy.pending
        assert len([e for e in strategy.history if not e.repeated]) == 24

    def test_an_early_stop_is_marked(self) -> None:
        """What was stopped early is in the history with what it had reached, and search goes on."""
        strategy = self.sampler(self.home())
        for finished in (False, True, False):
            tell(strategy, ask(strategy).number, 0.5, finished=finished)
        trained = [e.finished for e in strategy.history if not e.repeated]
        assert trained == [False, True, False]
        drive(strategy, 20)

    def test_what_is_dropped_leaves_no_trace(self) -> None:
        """A trial that never ran is forgotten; every architecture can still be proposed."""
        space = self.home()
        strategy = self.sampler(space)
        strategy.drop(ask(strategy).number)
        assert strategy.history == []
        assert strategy.pending == {}
        total = size(space)
        assert total is not None
        assert len(set(ids(drive(strategy, total)))) == total
