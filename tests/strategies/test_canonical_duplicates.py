"""Cells that compute the same function; what holds for every strategy is in its contract."""

import pytest
from strategy_cases import SAMPLERS, drive, make, recall

from raynas.space import Architecture, canonical_id, enumerate_all
from raynas.strategies import Proposal
from raynas.testing.strategy_spaces import EQUAL_CELLS as SPACE


def test_many_of_its_walks_compute_the_same() -> None:
    assert len({canonical_id(a.value) for a in enumerate_all(SPACE)}) < 60


@pytest.mark.parametrize("name", SAMPLERS)
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
    strategy = make("evolution", SPACE, deduplicate="canonical")
    asked = Proposal(third, number=1, repeats=(0,), variants={0: other}, known=1)
    recall(strategy, [(Proposal(one, number=0), 0.5, True, None)], [asked])
    assert [(e.number, e.architecture, e.score) for e in strategy.latest(5)] == [
        (0, one, 0.5),
        (0, other, 0.5),
    ]
