"""A simulated cluster: asynchronous workers that answer from a function, on a simulated clock."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from raynas.space import Architecture
from raynas.strategies import Result, Strategy

Answer = Callable[[Architecture], tuple[float | None, float]]
"""Gives the score of an architecture (None: the trial fails) and the seconds that it takes."""


@dataclass(frozen=True)
class Simulated:
    """One evaluation on the simulated cluster.

    `number` is its place in the order of proposal, `finished` in the order of completion, both from
    0. Times are simulated seconds since the start.
    """

    number: int
    finished: int
    worker: int
    started_at: float
    finished_at: float
    architecture: Architecture
    score: float | None


def simulate(strategy: Strategy, answer: Answer, trials: int, workers: int = 1) -> list[Simulated]:
    """Evaluate `trials` architectures on `workers` workers; returned in order of completion.

    As on Ray, a result is told the moment it is there and its worker is given the next proposal at
    once; of results that come at the same moment the one proposed first is told first. Where the
    strategy would rather wait, the free workers ask again after each result. Fewer evaluations come
    back where the strategy is exhausted.
    """
    idle = list(range(workers))
    busy: list[tuple[float, int, int, float, Architecture, float | None]] = []
    done: list[Simulated] = []
    started, clock = 0, 0.0
    while True:
        while idle and started < trials:
            proposal = strategy.ask()
            if proposal is None:
                break
            score, seconds = answer(proposal.architecture)
            worker = heappop(idle)
            ends = clock + seconds
            heappush(busy, (ends, proposal.number, worker, clock, proposal.architecture, score))
            started += 1
        if not busy:
            return done
        clock, number, worker, began, architecture, score = heappop(busy)
        strategy.tell(number, Result(score))
        done.append(Simulated(number, len(done), worker, began, clock, architecture, score))
        heappush(idle, worker)


def idle_share(evaluations: list[Simulated], workers: int) -> float:
    """Return the share of the workers' time without work, while there were trials to start (0..1).

    That is until the last trial is started; what follows is the same for every strategy.
    """
    end = max((e.started_at for e in evaluations), default=0.0)
    if not end:
        return 0.0
    worked = sum(min(e.finished_at, end) - e.started_at for e in evaluations)
    return max(0.0, 1 - worked / (workers * end))
