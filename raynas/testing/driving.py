"""A made-up score, and loops that drive a strategy without training anything."""
# ruff: noqa: S101 (tests assert)

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from raynas.runs.trial import read_proposal, write_proposal
from raynas.space import Architecture, Space, sample
from raynas.strategies import Proposal, Result, Strategy

Score = Callable[[Architecture], float | None]

Told = tuple[Proposal, float | None, bool, Architecture | None]
"""What a record says of a trial: proposal, score, whether it finished, what it derived."""


def score_of(architecture: Architecture) -> float:
    """Return a number from 0 to 1 that is the same everywhere."""
    return int(architecture.id[:8], 16) / 16**8


def mostly(architecture: Architecture) -> float | None:
    """Return a score, or None for every fifth architecture or so."""
    score = score_of(architecture)
    return None if score < 0.2 else score


def failing(architecture: Architecture) -> float | None:
    """Return no score: the trial has failed."""
    return None


def ask(strategy: Strategy) -> Proposal:
    """Ask for a proposal that must come."""
    proposal = strategy.ask()
    assert proposal is not None, f"nothing was proposed as number {strategy.next_number}"
    return proposal


def tell(strategy: Strategy, number: int, score: float | None, **more: Any) -> None:
    """Tell what a trial came to."""
    strategy.tell(number, Result(score, **more))


def derived_by(space: Space, proposal: Proposal) -> Architecture | None:
    """Return what the trial of a supernet comes to here; None for any other trial."""
    if proposal.supernet is None:
        return None
    return sample(space, np.random.default_rng(proposal.number))


def drive(strategy: Strategy, trials: int, score: Score = score_of) -> list[Proposal]:
    """Propose and answer, one worker."""
    proposals = []
    for _ in range(trials):
        proposal = ask(strategy)
        derived = derived_by(strategy.space, proposal)
        result = score(proposal.architecture) if derived is None else None
        tell(strategy, proposal.number, result, derived=derived)
        proposals.append(proposal)
    return proposals


def completed(
    strategy: Strategy, proposals: list[Proposal], score: Score = score_of
) -> Iterator[Told]:
    """Yield what a record says of proposals that were driven."""
    for proposal in proposals:
        derived = derived_by(strategy.space, proposal)
        yield proposal, None if derived else score(proposal.architecture), True, derived


def recall(strategy: Strategy, history: Iterable[Told], asked: Iterable[Proposal] = ()) -> None:
    """Let a new strategy live through what a record says."""
    results = [(p, Result(score, finished, derived)) for p, score, finished, derived in history]
    strategy.recall(results, asked)


def through_json(proposal: Proposal) -> Proposal:
    """Return what a run's folder keeps of a proposal."""
    return read_proposal(write_proposal(proposal), known=0)


def over(strategy: Strategy) -> bool:
    """Whether it has nothing to propose any more."""
    return strategy.ask() is None and strategy.exhausted


def ids(proposals: Iterable[Proposal]) -> list[str]:
    """Return the ids of what was proposed."""
    return [proposal.architecture.id for proposal in proposals]


def picked(proposals: Iterable[Proposal]) -> list[tuple[Proposal, dict[str, int]]]:
    """Return proposals with their picks, which architectures are compared without."""
    return [(proposal, proposal.architecture.picks) for proposal in proposals]


def candidates(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return all but the supernets, which are proposed again and again."""
    return [proposal for proposal in proposals if proposal.supernet is None]


class Life:
    """A strategy with several workers, whose trials take turns in an order that a seed gives."""

    WORKERS = 4

    def __init__(self, strategy: Strategy, seed: int) -> None:
        """Start with nothing proposed."""
        self.strategy, self.rng = strategy, np.random.default_rng(seed)
        self.running: list[Proposal] = []
        self.told: list[tuple[Proposal, Result]] = []

    def go_on(self, results: int) -> None:
        """Keep the workers busy until there are so many results more."""
        for _ in range(results):
            self._start()
            proposal = self.running.pop(int(self.rng.integers(len(self.running))))
            result = self._result_of(proposal)
            self.told.append((proposal, result))
            self.strategy.tell(proposal.number, result)
        self._start()

    def next_ones(self, count: int = 10) -> list[tuple[Proposal, dict[str, int]]]:
        """Go on, and return what was proposed."""
        before = len(self.told) + len(self.running)
        self.go_on(count)
        asked = [*(proposal for proposal, _ in self.told), *self.running]
        asked.sort(key=lambda proposal: proposal.number)
        return picked(p for p in asked if p.number >= before)

    def _start(self) -> None:
        while len(self.running) < self.WORKERS:
            proposal = self.strategy.ask()
            if proposal is None:
                return
            self.running.append(proposal)

    def _result_of(self, proposal: Proposal) -> Result:
        """Let one in seven fail and stop one in five early; a supernet derives something."""
        derived = derived_by(self.strategy.space, proposal)
        if derived is not None:
            return Result(None, derived=derived)
        failed = proposal.number % 7 == 3
        score = None if failed else score_of(proposal.architecture)
        return Result(score, finished=proposal.number % 5 != 4)
