"""A strategy of one's own implements `propose` and nothing else."""

import numpy as np
from strategy_cases import ask, over, tell

from raynas.space import Choice, replay
from raynas.strategies import Proposal, Strategy

SPACE = Choice(range(6))


class Scripted(Strategy):
    """Proposes what its script says; None is a wait."""

    script: list[int | None]

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        step = self.script.pop(0)
        return None if step is None else Proposal(replay(SPACE, {"choice": step}))


def test_a_wait_leaves_no_trace() -> None:
    strategy = Scripted(SPACE)
    strategy.script = [0, 0, 0, None]
    tell(strategy, ask(strategy).number, 0.5)
    before = list(strategy.history)
    assert strategy.ask() is None
    assert not strategy.exhausted
    assert (strategy.history, strategy.next_number) == (before, 1)


def test_a_duplicate_is_answered_at_once_and_the_next_one_proposed() -> None:
    strategy = Scripted(SPACE)
    strategy.script = [0, 1, 0, 1, 0, 2]
    for score in (0.5, 0.7):
        tell(strategy, ask(strategy).number, score)
    proposal = ask(strategy)
    assert proposal.architecture.value == 2
    assert proposal.repeats == (0, 1, 0)
    assert [e.score for e in strategy.history if e.repeated] == [0.5, 0.7, 0.5]


def test_who_only_proposes_duplicates_gets_something_new() -> None:
    strategy = Scripted(SPACE)
    strategy.MAX_REPEATS = 10
    values = []
    for _ in range(6):
        strategy.script = [0] * 10
        proposal = ask(strategy)
        values.append(proposal.architecture.value)
        tell(strategy, proposal.number, 0.5)
    assert sorted(values) == [0, 1, 2, 3, 4, 5]
    strategy.script = [0] * 10
    assert over(strategy)


def test_what_it_proposes_while_pending_is_skipped_without_a_repeat() -> None:
    strategy = Scripted(SPACE)
    strategy.script = [3, 3, 3, 4]
    assert ask(strategy).architecture.value == 3
    second = ask(strategy)
    assert (second.architecture.value, second.repeats) == (4, ())
    assert strategy.history == []
