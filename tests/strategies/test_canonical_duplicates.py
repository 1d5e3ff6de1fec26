"""With `deduplicate="canonical"`, cells that compute the same function are duplicates."""

from typing import Any

import pytest
from strategy_cases import SAMPLERS, ask, drive, make, over, recall, score_of

from raynas.runs.trial import read_proposal, write_proposal
from raynas.space import (
    Architecture,
    Cell,
    Choice,
    Record,
    canonical_id,
    enumerate_all,
)
from raynas.strategies import Proposal, Strategy

SPACE = Record(cell=Cell(["none", "skip_connect", "conv", "avg_pool"], 2), width=Choice([1, 2]))
"""128 walks; many compute the same."""
CLASSES = len({canonical_id(architecture.value) for architecture in enumerate_all(SPACE)})

every_strategy = pytest.mark.parametrize("name", SAMPLERS)


def canonical(name: str, **options: Any) -> Strategy:
    return make(name, SPACE, deduplicate="canonical", **options)


def through_json(proposal: Proposal) -> Proposal:
    """What a record keeps."""
    return read_proposal(write_proposal(proposal), known=0)


@every_strategy
def test_one_of_each_class_is_trained_then_the_search_is_finished(name: str) -> None:
    assert CLASSES < 60
    strategy = canonical(name)
    proposals = drive(strategy, CLASSES)
    assert len({canonical_id(p.architecture.value) for p in proposals}) == CLASSES
    assert over(strategy)
    assert strategy.exhausted


@every_strategy
def test_a_variant_is_answered_with_what_its_duplicate_reached(name: str) -> None:
    strategy = canonical(name)
    proposals = drive(strategy, 30)
    trained = {p.number: p.architecture for p in proposals}
    repeated = [e for e in strategy.history if e.repeated]
    named = [(n, p.variants.get(i, trained[n])) for p in proposals for i, n in enumerate(p.repeats)]
    assert [(e.number, e.architecture) for e in repeated] == named
    for evaluation in repeated:
        original = trained[evaluation.number]
        assert canonical_id(evaluation.architecture.value) == canonical_id(original.value)
        assert evaluation.score == score_of(original)
    for proposal in proposals:
        for place, variant in proposal.variants.items():
            assert variant != trained[proposal.repeats[place]]


@every_strategy
@pytest.mark.parametrize("killed_after", [1, 9, 20])
def test_recalling_a_record_goes_on_the_same(name: str, killed_after: int) -> None:
    whole = canonical(name, seed=2)
    proposals = drive(whole, 28)
    recalled = canonical(name, seed=2)
    kept = map(through_json, proposals[:killed_after])
    recall(recalled, [(p, score_of(p.architecture), True, None) for p in kept])
    rest = drive(recalled, 28 - killed_after)
    assert [(p, p.architecture.picks) for p in rest] == [
        (p, p.architecture.picks) for p in proposals[killed_after:]
    ]
    assert recalled.history == whole.history


@every_strategy
def test_duplicates_of_pending_ones_are_not_proposed(name: str) -> None:
    strategy = canonical(name)
    pending = [ask(strategy) for _ in range(CLASSES)]
    assert len({canonical_id(p.architecture.value) for p in pending}) == CLASSES
    assert over(strategy)
    assert not strategy.history
    strategy.drop(pending[3].number)
    again = ask(strategy).architecture.value
    assert canonical_id(again) == canonical_id(pending[3].architecture.value)


@every_strategy
def test_of_equal_cells_both_are_trained_by_default(name: str) -> None:
    proposals = drive(make(name, SPACE), 128)
    assert len({p.architecture.id for p in proposals}) == 128


def test_evolution_goes_on_from_a_variant() -> None:
    """A child that computes what is known joins the population as it is, with the known score."""
    classes: dict[str, list[Architecture]] = {}
    for architecture in enumerate_all(SPACE):
        classes.setdefault(canonical_id(architecture.value), []).append(architecture)
    one, other = next(same for same in classes.values() if len(same) > 1)[:2]
    third = next(same for same in classes.values() if one not in same)[0]
    strategy = canonical("evolution")
    asked = Proposal(third, number=1, repeats=(0,), variants={0: other}, known=1)
    recall(strategy, [(Proposal(one, number=0), 0.5, True, None)], [asked])
    assert [(e.number, e.architecture, e.score) for e in strategy.latest(5)] == [
        (0, one, 0.5),
        (0, other, 0.5),
    ]


@every_strategy
def test_an_unknown_kind_of_duplicates_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="deduplicate: expected exact or canonical, got 'no'"):
        make(name, SPACE, deduplicate="no")
