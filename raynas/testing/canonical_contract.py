"""With `deduplicate="canonical"`, cells that compute the same function are duplicates."""
# ruff: noqa: S101 (tests assert)

from collections.abc import Iterable

import pytest

from raynas.space import Space, canonical_id, enumerate_all
from raynas.strategies import Proposal, Strategy
from raynas.testing.driving import (
    ask,
    completed,
    drive,
    over,
    picked,
    recall,
    score_of,
    through_json,
)
from raynas.testing.strategy_case import StrategyCase


class CanonicalContract(StrategyCase):
    """The part of the contract that is about architectures which compute the same."""

    def test_one_of_each_that_compute_the_same_is_trained(self) -> None:
        """One of each class is proposed, then the search is finished."""
        strategy = self._canonical()
        total = _classes(self.equal_cells)
        assert len(_functions(drive(strategy, total))) == total
        assert over(strategy)

    def test_an_equal_one_is_answered_with_what_the_other_reached(self) -> None:
        """The history names the trial, and holds the variant that was proposed."""
        strategy = self._canonical()
        proposals = drive(strategy, 30)
        trained = {p.number: p.architecture for p in proposals}
        repeated = [e for e in strategy.history if e.repeated]
        named = [
            (n, p.variants.get(i, trained[n])) for p in proposals for i, n in enumerate(p.repeats)
        ]
        assert [(e.number, e.architecture) for e in repeated] == named
        for evaluation in repeated:
            original = trained[evaluation.number]
            assert canonical_id(evaluation.architecture.value) == canonical_id(original.value)
            assert evaluation.score == score_of(original)
        for proposal in proposals:
            for place, variant in proposal.variants.items():
                assert variant != trained[proposal.repeats[place]]

    @pytest.mark.parametrize("killed_after", [1, 9, 20])
    def test_rebuilt_with_equal_ones_it_goes_on_the_same(self, killed_after: int) -> None:
        """A record knows of the variants, too."""
        whole, recalled = self._canonical(2), self._canonical(2)
        proposals = drive(whole, 28)
        kept = list(map(through_json, proposals[:killed_after]))
        recall(recalled, completed(recalled, kept))
        assert picked(drive(recalled, 28 - killed_after)) == picked(proposals[killed_after:])
        assert recalled.history == whole.history

    def test_nothing_that_computes_what_is_pending_is_proposed(self) -> None:
        """With a worker for each class, each has another one."""
        strategy = self._canonical()
        total = _classes(self.equal_cells)
        pending = [ask(strategy) for _ in range(total)]
        assert len(_functions(pending)) == total
        assert over(strategy)
        assert not strategy.history
        strategy.drop(pending[3].number)
        assert _functions([ask(strategy)]) == _functions([pending[3]])

    def _canonical(self, seed: int = 0) -> Strategy:
        return self.sampler(self.equal_cells, seed, deduplicate="canonical")


def _classes(space: Space) -> int:
    return len({canonical_id(architecture.value) for architecture in enumerate_all(space)})


def _functions(proposals: Iterable[Proposal]) -> set[str]:
    return {canonical_id(proposal.architecture.value) for proposal in proposals}
