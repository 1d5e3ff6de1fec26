"""A strategy is its history: saved, restored or recalled, it goes on as it would have."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ray import cloudpickle
from strategy_cases import CASES, SPACES, Told, derived_by, drive, make, recall, score_of, tell

from raynas.space import Architecture
from raynas.strategies import Proposal, Strategy
from raynas.tune import StrategySearcher

pytestmark = pytest.mark.parametrize(("name", "label"), CASES)


def mostly(architecture: Architecture) -> float | None:
    """A score, or None for every fifth architecture or so."""
    score = score_of(architecture)
    return None if score < 0.2 else score


def completed(
    strategy: Strategy,
    proposals: list[Proposal],
    score: Callable[[Architecture], float | None] = score_of,
) -> Iterator[Told]:
    """What a record says of proposals that were driven."""
    for proposal in proposals:
        derived = derived_by(strategy.space, proposal)
        yield proposal, None if derived else score(proposal.architecture), True, derived


def proposed(proposals: list[Proposal]) -> list[tuple[Proposal, dict[str, int]]]:
    return [(proposal, proposal.architecture.picks) for proposal in proposals]


def test_save_then_restore_goes_on_the_same(name: str, label: str, tmp_path: Path) -> None:
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
    assert proposed(drive(restored.strategy, 8)) == proposed(drive(searcher.strategy, 8))


def test_a_copy_through_cloudpickle_goes_on_the_same(name: str, label: str) -> None:
    strategy = make(name, SPACES[label])
    drive(strategy, 12)
    copy: Strategy = pickle.loads(cloudpickle.dumps(strategy))  # type: ignore[no-untyped-call]  # untyped
    assert proposed(drive(copy, 8)) == proposed(drive(strategy, 8))


@pytest.mark.parametrize("killed_after", [0, 1, 5, 6, 7, 20])
def test_recalling_a_history_goes_on_the_same(name: str, label: str, killed_after: int) -> None:
    options = {"crossover": 0.5} if name == "evolution" else {}
    whole = make(name, SPACES[label], seed=2, **options)
    proposals = drive(whole, 30, mostly)
    recalled = make(name, SPACES[label], seed=2, **options)
    recall(recalled, completed(recalled, proposals[:killed_after], mostly))
    assert proposed(drive(recalled, 30 - killed_after, mostly)) == proposed(
        proposals[killed_after:]
    )
    assert recalled.history == whole.history


def test_recall_through_json_and_minimising(name: str, label: str) -> None:
    whole = make(name, SPACES[label], mode="min")
    proposals = drive(whole, 26)
    kept = [
        replace(p, architecture=Architecture.from_json(p.architecture.to_json()))
        for p in proposals[:13]
    ]
    recalled = make(name, SPACES[label], mode="min")
    recall(recalled, completed(recalled, kept))
    assert proposed(drive(recalled, 13)) == proposed(proposals[13:])


def test_a_pending_proposal_is_expected_again(name: str, label: str) -> None:
    whole = make(name, SPACES[label], seed=1)
    proposals = drive(whole, 28)
    for cut in range(10, 20):
        recalled = make(name, SPACES[label], seed=1)
        interrupted = proposals[cut]
        recall(recalled, completed(recalled, proposals[:cut]), [interrupted])
        assert recalled.next_number == cut + 1
        ((_, score, _, derived),) = completed(recalled, [interrupted])
        tell(recalled, cut, score, derived=derived)
        assert proposed(drive(recalled, 27 - cut)) == proposed(proposals[cut + 1 :])
