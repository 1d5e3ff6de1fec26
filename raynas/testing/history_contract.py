"""A strategy is its history: saved, restored or recalled, it goes on as it would have."""
# ruff: noqa: S101 (tests assert)

import pickle

import numpy as np
import pytest

from raynas.strategies import Strategy
from raynas.testing.driving import (
    Life,
    ask,
    completed,
    drive,
    mostly,
    picked,
    recall,
    tell,
    through_json,
)
from raynas.testing.strategy_case import StrategyCase


class HistoryContract(StrategyCase):
    """The part of the contract that is about being killed and going on."""

    def test_saved_and_restored_it_goes_on_the_same(self, label: str) -> None:
        """`state` and `load_state` carry all, into a strategy of another seed; two are pending."""
        space = self.spaces[label]
        strategy = self.made(space, seed=4)
        drive(strategy, 15, mostly)
        first, second = ask(strategy), ask(strategy)
        restored = self.made(space, seed=8)
        restored.load_state(pickle.loads(pickle.dumps(strategy.state())))
        for one in (strategy, restored):
            tell(one, second.number, 0.7)
            one.drop(first.number)
        assert restored.history == strategy.history
        assert picked(drive(restored, 8)) == picked(drive(strategy, 8))

    def test_a_pickled_copy_goes_on_the_same(self, label: str) -> None:
        """A strategy can be pickled at any moment."""
        strategy = self.made(self.spaces[label])
        drive(strategy, 12)
        copy: Strategy = pickle.loads(pickle.dumps(strategy))
        assert picked(drive(copy, 8)) == picked(drive(strategy, 8))

    @pytest.mark.parametrize("killed_after", [0, 1, 5, 6, 7, 20])
    def test_rebuilt_from_its_record_it_goes_on_the_same(
        self, label: str, killed_after: int
    ) -> None:
        """`recall` makes of a new strategy the one that lived on, whenever that was killed."""
        space = self.spaces[label]
        whole, recalled = self.made(space, seed=2), self.made(space, seed=2)
        proposals = drive(whole, 30, mostly)
        recall(recalled, completed(recalled, proposals[:killed_after], mostly))
        rest = drive(recalled, 30 - killed_after, mostly)
        assert picked(rest) == picked(proposals[killed_after:])
        assert recalled.history == whole.history

    def test_rebuilt_through_json_and_minimising(self, label: str) -> None:
        """What a run's folder keeps of the proposals is enough."""
        space = self.spaces[label]
        proposals = drive(self.made(space, mode="min"), 26)
        recalled = self.made(space, mode="min")
        recall(recalled, completed(recalled, [through_json(p) for p in proposals[:13]]))
        assert picked(drive(recalled, 13)) == picked(proposals[13:])

    def test_a_pending_proposal_is_expected_again(self, label: str) -> None:
        """What was being trained when it was killed is answered later, and changes nothing."""
        space = self.spaces[label]
        proposals = drive(self.made(space, seed=1), 28)
        for cut in (10, 11, 14, 19):
            recalled = self.made(space, seed=1)
            interrupted = proposals[cut]
            recall(recalled, completed(recalled, proposals[:cut]), [interrupted])
            assert recalled.next_number == cut + 1
            ((_, score, _, derived),) = completed(recalled, [interrupted])
            tell(recalled, cut, score, derived=derived)
            assert picked(drive(recalled, 27 - cut)) == picked(proposals[cut + 1 :])

    @pytest.mark.parametrize("seed", [0, 1])
    def test_rebuilt_with_several_workers_it_goes_on_the_same(self, label: str, seed: int) -> None:
        """Four workers, failures and early stops: history, pending and the next ten are those."""
        space = self.spaces[label]
        alive = Life(self.made(space, seed=seed), seed)
        alive.go_on(14)
        again = Life(self.made(space, seed=seed), seed)
        again.told = [(through_json(proposal), result) for proposal, result in alive.told]
        again.running = list(map(through_json, alive.running))
        again.strategy.recall(again.told, reversed(again.running))
        again.rng, alive.rng = np.random.default_rng(9), np.random.default_rng(9)
        assert again.strategy.history == alive.strategy.history
        assert list(again.strategy.pending) == list(alive.strategy.pending)
        assert again.next_ones() == alive.next_ones()
        assert again.strategy.history == alive.strategy.history
