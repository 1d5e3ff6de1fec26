"""Each check of the strategies' contract fails for a strategy that breaks what it demands."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from contract_cases import checks_of, run

from raynas.space import Architecture, Space, enumerate_all, mutate, sample
from raynas.strategies import Evaluation, GreedySearch, Proposal, RandomSearch, Strategy
from raynas.testing import StrategyContract


class Plain(Strategy):
    """Draws at random: as little as a strategy can be."""

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        return Proposal(sample(self.space, rng))


class TestPlain(StrategyContract):
    """One that takes no options of the contract is held to all the rest."""

    def make(self, space: Space, seed: int, **kw: Any) -> Strategy:
        return Plain(space, metric="score", mode="max", seed=seed)


class LeavesTheSpace(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        found = sample(self.space, rng)
        return Proposal(Architecture({"better": found.value}, found.picks))


class NamesLaterParents(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        return Proposal(sample(self.space, rng), parents=(self.next_number,))


class ForgetsItsSeed(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        return Proposal(sample(self.space, np.random.default_rng()))


class KnowsNoSeed(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        return Proposal(sample(self.space, np.random.default_rng([self.next_number, self.repeats])))


class RestsOnHashes(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        salt = abs(hash("salt"))
        return Proposal(sample(self.space, np.random.default_rng([salt, rng.integers(2**31)])))


class RepeatsItself(Plain):
    def identity(self, architecture: Architecture) -> str:
        return f"{architecture.id} {self.next_number} {len(self.history)}"


class TakesNoCellsForEqual(Plain):
    def identity(self, architecture: Architecture) -> str:
        return architecture.id


class KeepsACounter(Strategy):
    """What it keeps besides the history is neither saved nor rebuilt."""

    count = 0

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        self.count += 1
        found = next(islice(enumerate_all(self.space), self.count - 1, None), None)
        return None if found is None else Proposal(found)


class CannotBePickled(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        self.helper = lambda: None
        return Proposal(sample(self.space, rng))


class TakesFailuresForScores(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        if not self.history:
            return Proposal(sample(self.space, rng))
        best = max(self.history, key=lambda e: e.score + 0.0)  # type: ignore[operator]
        return Proposal(mutate(self.space, best.architecture, rng), parents=(best.number,))


class TurnsTheSignAgain(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        if not self.history:
            return Proposal(sample(self.space, rng))
        sign = -1 if self.options.mode == "min" else 1
        best = max(self.history, key=lambda e: sign * (e.score or 0))
        return Proposal(mutate(self.space, best.architecture, rng))


class GivesUp(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        return Proposal(sample(self.space, rng)) if len(self.trained) < 20 else None


class NotesArrays(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal:
        return Proposal(sample(self.space, rng), notes={"predicted": np.float32(0.5)})


class WaitsForResults(Plain):
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        return None if self.pending else Proposal(sample(self.space, rng))


class CountsTwice(Plain):
    def tell(self, number: int, result: Any) -> None:
        super().tell(number, result)
        self.history.append(self.history[-1])


class LearnsFromPending(Plain):
    """Proposes otherwise after a restart, as it looks at how many results it has heard itself."""

    heard = 0

    def tell(self, number: int, result: Any) -> None:
        self.heard += 1
        super().tell(number, result)

    def propose(self, rng: np.random.Generator) -> Proposal:
        return Proposal(sample(self.space, np.random.default_rng([self.options.seed, self.heard])))


class ForgetsVariants(RandomSearch):
    def _expect(self, proposal: Proposal) -> None:
        self._await(proposal)


class AnswersWrongly(Plain):
    def _repeat(self, evaluation: Evaluation, variant: Architecture | None, count: int) -> None:
        self.history.append(replace(evaluation, score=0.0, repeat=count))


class StaysWithTheBest(GreedySearch):
    """Trains what it likes again, whatever it is told."""

    def begin(self, space: Space, options: Any) -> None:
        super().begin(space, options.model_copy(update={"duplicates": True}))


def case_of(kind: type[Strategy]) -> type[StrategyContract]:
    """The contract of a strategy, in this module: another process has to find it."""

    def make(self: StrategyContract, space: Space, seed: int, **options: Any) -> Strategy:
        return kind(space, seed=seed, **options)

    body = {"make": make, "__module__": __name__}
    return type(f"{kind.__name__}Case", (StrategyContract,), body)


RestsOnHashesCase = case_of(RestsOnHashes)

CAUGHT: list[tuple[type[Strategy], str]] = [
    (LeavesTheSpace, "proposals_stay_in_the_space"),
    (NamesLaterParents, "proposals_stay_in_the_space"),
    (RepeatsItself, "no_architecture_is_proposed_twice"),
    (RepeatsItself, "nothing_pending_is_proposed_again"),
    (RepeatsItself, "results_may_come_in_any_order_or_never"),
    (NotesArrays, "proposals_survive_json"),
    (ForgetsItsSeed, "a_seed_fixes_the_proposals"),
    (KnowsNoSeed, "a_seed_fixes_the_proposals"),
    (TurnsTheSignAgain, "min_mirrors_max"),
    (GivesUp, "the_whole_space_is_proposed_once_then_nothing"),
    (GivesUp, "everything_may_fail"),
    (KeepsACounter, "a_space_of_one_architecture_is_finished_after_it"),
    (WaitsForResults, "nothing_pending_is_proposed_again"),
    (WaitsForResults, "results_may_come_in_any_order_or_never"),
    (StaysWithTheBest, "duplicates_are_trained_again_only_if_asked_for"),
    (TakesFailuresForScores, "a_useless_result_is_a_failure"),
    (TakesFailuresForScores, "everything_may_fail"),
    (CountsTwice, "a_result_counts_once"),
    (CountsTwice, "an_early_stop_is_marked"),
    (KeepsACounter, "what_is_dropped_leaves_no_trace"),
    (KeepsACounter, "saved_and_restored_it_goes_on_the_same"),
    (LearnsFromPending, "saved_and_restored_it_goes_on_the_same"),
    (CannotBePickled, "a_pickled_copy_goes_on_the_same"),
    (KeepsACounter, "rebuilt_from_its_record_it_goes_on_the_same"),
    (KeepsACounter, "rebuilt_through_json_and_minimising"),
    (KeepsACounter, "a_pending_proposal_is_expected_again"),
    (KeepsACounter, "rebuilt_with_several_workers_it_goes_on_the_same"),
    (AnswersWrongly, "a_duplicate_is_answered_from_history_and_named"),
    (AnswersWrongly, "an_equal_one_is_answered_with_what_the_other_reached"),
    (TakesNoCellsForEqual, "one_of_each_that_compute_the_same_is_trained"),
    (TakesNoCellsForEqual, "nothing_that_computes_what_is_pending_is_proposed"),
    (ForgetsVariants, "rebuilt_with_equal_ones_it_goes_on_the_same"),
]
USUAL: dict[str, Any] = {"label": "ordered", "score": None, "killed_after": 7, "seed": 0}


@pytest.mark.parametrize(("kind", "name"), CAUGHT, ids=lambda v: getattr(v, "__name__", v))
def test_a_broken_strategy_is_caught(kind: type[Strategy], name: str) -> None:
    run(case_of(Plain)(), name, **USUAL)
    with pytest.raises((AssertionError, TypeError, AttributeError)):
        run(case_of(kind)(), name, **USUAL)


def test_one_that_differs_from_process_to_process_is_caught() -> None:
    with pytest.raises(AssertionError):
        RestsOnHashesCase().test_another_process_proposes_the_same()


def test_every_check_has_somebody_whom_it_catches() -> None:
    caught = {name for _, name in CAUGHT}
    assert checks_of(StrategyContract) - caught == {"another_process_proposes_the_same"}
