"""What a strategy may propose: of the space, nothing twice, the same for the same seed."""
# ruff: noqa: S101 (tests assert)

import json

from raynas.space import Architecture, Choice, Record, enumerate_all, replay, size
from raynas.space.relaxation import relax
from raynas.testing.driving import (
    ask,
    candidates,
    drive,
    ids,
    over,
    picked,
    score_of,
    through_json,
)
from raynas.testing.strategy_case import StrategyCase, first_proposals_elsewhere


class ProposalsContract(StrategyCase):
    """The part of the contract that is about proposals."""

    def test_proposals_stay_in_the_space(self, label: str) -> None:
        """Each is what its picks lead to; numbers count from 0, parents are earlier trials."""
        space = self.spaces[label]
        proposals = drive(self.made(space), 25)
        assert [p.number for p in proposals] == list(range(25))
        for proposal in proposals:
            if proposal.supernet is not None:
                assert proposal.architecture == relax(space)
            else:
                assert proposal.architecture == replay(space, proposal.architecture.picks)
            assert all(0 <= parent < proposal.number for parent in proposal.parents)

    def test_no_architecture_is_proposed_twice(self, label: str) -> None:
        """What has been trained, or is being trained, is not proposed again."""
        trained = ids(candidates(drive(self.made(self.spaces[label]), 25)))
        assert len(set(trained)) == len(trained) > 8

    def test_proposals_survive_json(self, label: str) -> None:
        """A proposal, its notes and variants too, is JSON data: a run's folder keeps it."""
        for proposal in drive(self.made(self.spaces[label]), 15):
            assert picked([through_json(proposal)]) == picked([proposal])
            assert json.loads(json.dumps(proposal.notes, allow_nan=False)) == proposal.notes
            architecture = Architecture.from_json(proposal.architecture.to_json())
            assert Architecture(architecture.value, {}).id == proposal.architecture.id

    def test_a_seed_fixes_the_proposals(self, label: str) -> None:
        """The same seed proposes the same, another one something else (see `seeded`)."""
        space = self.spaces[label]
        one, again, other = (ids(drive(self.made(space, seed=seed), 20)) for seed in (5, 5, 6))
        assert one == again
        assert (one != other) == self.seeded

    def test_another_process_proposes_the_same(self) -> None:
        """Nothing rests on hashes, addresses, the clock or what ran before in this process."""
        assert first_proposals_elsewhere(self) == self.first_proposals()

    def test_min_mirrors_max(self, label: str) -> None:
        """Minimising a metric is maximising its negative; histories hold higher for better."""
        space = self.spaces[label]
        up, down = self.made(space, mode="max"), self.made(space, mode="min")
        assert ids(drive(up, 25)) == ids(drive(down, 25, lambda a: -score_of(a)))
        assert [e.score for e in up.history] == [e.score for e in down.history]

    def test_the_whole_space_is_proposed_once_then_nothing(self, label: str) -> None:
        """A small space is exhausted: each architecture once, then None and `exhausted`."""
        space = self.spaces[label]
        strategy = self.sampler(space)
        total = size(space)
        assert total is not None
        proposals = drive(strategy, total)
        assert set(ids(proposals)) == {a.id for a in enumerate_all(space)}
        before = list(strategy.history)
        for _ in range(2):
            assert over(strategy)
            assert strategy.history == before
            assert not strategy.pending

    def test_a_space_of_one_architecture_is_finished_after_it(self) -> None:
        """Nothing is open, one option only, or two that are the same."""
        for space in (Record(), Choice(["only"]), Choice([{"a": 1}, {"a": 1}])):
            strategy = self.sampler(space)
            drive(strategy, 1)
            assert over(strategy)

    def test_nothing_pending_is_proposed_again(self) -> None:
        """With as many workers as architectures each has another one; what is dropped comes back.

        The number of one that was dropped is not used again.
        """
        space = self.spaces.get("conditional") or self.home()
        strategy = self.sampler(space)
        total = size(space)
        assert total is not None
        pending = [ask(strategy) for _ in range(total)]
        assert len(set(ids(pending))) == total
        assert over(strategy)
        strategy.drop(pending[3].number)
        again = ask(strategy)
        assert not strategy.exhausted
        assert again.architecture == pending[3].architecture
        assert again.number == total

    def test_duplicates_are_trained_again_only_if_asked_for(self) -> None:
        """With `duplicates=True` there is no end; without, three architectures are three trials."""
        space = Choice([1, 2, 3])
        strategy = self.sampler(space)
        drive(strategy, 3)
        assert {e.number for e in strategy.history if not e.repeated} == {0, 1, 2}
        assert all(e.score == score_of(e.architecture) for e in strategy.history)
        assert over(strategy)
        assert len(set(ids(drive(self.sampler(space, duplicates=True), 12)))) <= 3

    def test_a_duplicate_is_answered_from_history_and_named(self, label: str) -> None:
        """A proposal names the earlier trials that answered duplicates on the way to it."""
        strategy = self.sampler(self.spaces[label])
        proposals = drive(strategy, 25)
        repeated = [e.number for e in strategy.history if e.repeated]
        assert repeated == [number for p in proposals for number in p.repeats]
        scores = {e.number: e.score for e in strategy.history if not e.repeated}
        assert all(e.score == scores[e.number] for e in strategy.history)
