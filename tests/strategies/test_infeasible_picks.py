from typing import Any

import pytest

from raynas.runs.trial import read_proposal, write_proposal
from raynas.space import Infeasible, Pick, choose
from tests.strategies.strategy_cases import SAMPLERS, make, tell


def equal(pick: Pick) -> Any:
    """Three numbers, legal only where all are equal: 5 of 125 walks."""
    value = {name: choose(pick, name, range(5), ordered=True) for name in "abc"}
    if len(set(value.values())) > 1:
        raise Infeasible(f"{value} are not equal")
    return value


@pytest.mark.parametrize("name", SAMPLERS)
def test_each_strategy_finds_all_that_is_legal_and_proposes_nothing_else(name: str) -> None:
    strategy = make(name, equal)
    proposals = []
    while (proposal := strategy.ask()) is not None:
        proposals.append(proposal)
        tell(strategy, proposal.number, float(proposal.architecture.value["a"]))
    assert strategy.exhausted
    assert sorted(p.architecture.value["a"] for p in proposals) == [0, 1, 2, 3, 4]
    assert all(len(set(p.architecture.value.values())) == 1 for p in proposals)
    assert sum(p.infeasible for p in proposals) > 0
    assert [read_proposal(write_proposal(p), 0).infeasible for p in proposals] == [
        p.infeasible for p in proposals
    ]
