"""What every strategy shares: history, duplicates, failures, the metric's sign.

A strategy is a function of its history: `propose(rng)` looks at `self.history`, `self.pending`, the
space and a generator made from (seed, number of the proposal). So a strategy is rebuilt by letting
a new one live through the history again (`recall`), and proposes what the old one would have. What
it derives from the history it may keep, if `forget` drops it.
"""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any, ClassVar

import numpy as np

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Architecture, Space, canonical_id, every_walk, sample
from raynas.space.infeasible import CountedSpace
from raynas.space.nodes import Node
from raynas.strategies.proposal import Evaluation, Proposal, Result


class Strategy(ABC):
    """Base of all strategies; a subclass implements `propose`.

    One with options of its own says so with `options_type` and an `__init__` that takes them.
    """

    options_type: ClassVar[type[StrategyOptions]] = StrategyOptions
    """The model of the options that it takes."""
    trains_supernets: ClassVar[bool] = False
    """Whether trials come in pairs, a supernet and the architecture that it derives."""
    EXHAUSTED: ClassVar[str] = "All {done} architectures of the space have been tried."
    """What it means that the strategy is exhausted, after so many trials."""

    MAX_REPEATS = 40
    """Duplicates that one proposal may run through before any architecture not seen is taken."""
    MAX_SCAN = 100_000
    """Walks of the space looked through for one not seen before it counts as exhausted."""

    options: StrategyOptions

    @takes(StrategyOptions)
    def __init__(self, space: Space, options: StrategyOptions) -> None:
        """Start with an empty history."""
        self.begin(space, options)

    def begin(self, space: Space, options: StrategyOptions) -> None:
        """Take space and options, and start with an empty history.

        Raises:
            ValueError: the space cannot be called.
        """
        if not callable(space):
            raise ValueError(
                "space: expected a node (Record, Choice, …) or a function of a picker, "
                f"got {type(space).__name__}"
            )
        self.space = space if isinstance(space, Node | CountedSpace) else CountedSpace(space)
        self.options = options
        self.history: list[Evaluation] = []
        self.pending: dict[int, Proposal] = {}
        self.next_number = 0
        self.told = 0
        """How many results there have been."""
        self.repeats = 0
        """Duplicates in a row that the proposal which is being made has run through."""
        self.room: int | None = None
        """How many trials may still be started, where that is known."""
        self.exhausted = False
        self._canonical: dict[str, str] = {}
        self._known: dict[str, Evaluation] = {}  # by identity, as what follows
        self._awaited: dict[str, int] = {}
        self._met: set[str] = set()  # ids of duplicates of pending ones, met in this proposal
        self._numbered: dict[int, Evaluation] = {}
        self.forget()

    def forget(self) -> None:  # noqa: B027 (not every strategy has something to drop)
        """Drop what was derived from the history, which has changed other than by growing."""

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Return the options that `raynas search` sets for a run of so many trials.

        Only where the paper's options would make no sense there; what a person sets wins.
        """
        return {}

    def check_space(self) -> None:  # noqa: B027 (most can search any space)
        """Raise ValueError, in one line, where this strategy can do nothing with the space."""

    @abstractmethod
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Propose an architecture (and its parents), or None to wait for pending results."""

    def ask(self, room: int | None = None) -> Proposal | None:
        """Propose the next architecture to train and count it as pending.

        `room` is how many trials may still be started, if there is a limit. None means that nothing
        can be proposed: for good if `exhausted`, else until a result comes.
        """
        self.room = room
        rng = np.random.default_rng([self.options.seed, self.next_number])
        before = self._refused
        proposal = self._new_proposal(rng)
        if proposal is None:
            return None
        proposal = dataclasses.replace(
            proposal,
            number=self.next_number,
            known=self.told,
            infeasible=self._refused - before,
        )
        self._await(proposal)
        return proposal

    def tell(self, number: int, result: Result) -> None:
        """Answer a pending proposal.

        Telling twice, or about a proposal that is not pending, changes nothing.
        """
        proposal = self._release(number)
        if proposal is None:
            return
        score = result.score
        if score is None or not math.isfinite(score):
            signed = None
        else:
            signed = score if self.options.mode == "max" else -score
        evaluation = Evaluation(
            number=number,
            architecture=proposal.architecture,
            score=signed,
            finished=result.finished,
            notes=proposal.notes,
            derived=result.derived,
        )
        self.told += 1
        self._known[self.identity(proposal.architecture)] = evaluation
        self._numbered[number] = evaluation
        self.history.append(evaluation)

    def recall(self, results: Iterable[tuple[Proposal, Result]], asked: Iterable[Proposal]) -> None:
        """Live through a history again: results in order of completion, and what has none yet.

        Each proposal is made when as many results were known as when it was asked for.
        """
        history = list(results)
        proposals = [*(proposal for proposal, _ in history), *asked]
        proposals.sort(key=lambda proposal: (proposal.known, proposal.number))
        for proposal in proposals:
            while self.told < proposal.known:
                self._retell(history)
            self._expect(proposal)
        while self.told < len(history):
            self._retell(history)

    def _retell(self, history: list[tuple[Proposal, Result]]) -> None:
        proposal, result = history[self.told]
        if proposal.number not in self.pending:
            raise ValueError(
                f"the history is broken: result {self.told} is of trial {proposal.number}, which "
                "nobody had asked for by then"
            )
        self.tell(proposal.number, result)

    def _expect(self, proposal: Proposal) -> None:
        """Count as pending what another one asked for."""
        for place, number in enumerate(proposal.repeats):
            if number in self._numbered:
                self._repeat(self._numbered[number], proposal.variants.get(place), place + 1)
        self._await(proposal)

    def drop(self, number: int) -> None:
        """Forget a pending proposal that will not be answered; it may be proposed again."""
        self._release(number)
        self.forget()

    def identity(self, architecture: Architecture) -> str:
        """Return a text that an architecture shares with its duplicates."""
        if self.options.deduplicate == "exact":
            return architecture.id
        if architecture.id not in self._canonical:
            self._canonical[architecture.id] = canonical_id(architecture.value)
        return self._canonical[architecture.id]

    def known(self, architecture: Architecture) -> Evaluation | None:
        """Return the evaluation of an architecture, or of its duplicate as if it were its own."""
        evaluation = self._known.get(self.identity(architecture))
        if evaluation is None or evaluation.architecture == architecture:
            return evaluation
        return dataclasses.replace(evaluation, architecture=architecture)

    def is_new(self, architecture: Architecture) -> bool:
        """Whether neither it nor a duplicate of it is known or pending."""
        identity = self.identity(architecture)
        return identity not in self._known and identity not in self._awaited

    @property
    def closed(self) -> set[str]:
        """Ids of the architectures found not to be new so far; others may not be new either."""
        pending = {proposal.architecture.id for proposal in self.pending.values()}
        return {e.architecture.id for e in self.history} | pending | self._met

    @property
    def trained(self) -> list[Evaluation]:
        """The history without what was answered from it."""
        return [evaluation for evaluation in self.history if not evaluation.repeated]

    def latest(self, count: int) -> list[Evaluation]:
        """Return the last `count` evaluations that did not fail, oldest first."""
        alive = (e for e in reversed(self.history) if e.score is not None)
        return list(islice(alive, count))[::-1]

    def state(self) -> dict[str, Any]:
        """Return the history and what is pending, not the space; see `load_state`."""
        return {"seed": self.options.seed, **{name: getattr(self, name) for name in _STATE}}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned, maybe of a strategy with another seed."""
        for name in _STATE:
            setattr(self, name, state[name])
        self.options = self.options.model_copy(update={"seed": state["seed"]})
        self.forget()

    @property
    def _refused(self) -> int:
        """How many walks the space has ended as not legal; a node ends none."""
        return self.space.refused if isinstance(self.space, CountedSpace) else 0

    def _await(self, proposal: Proposal) -> None:
        self.pending[proposal.number] = proposal
        self._awaited[self.identity(proposal.architecture)] = proposal.number
        self.next_number = max(self.next_number, proposal.number + 1)

    def _release(self, number: int) -> Proposal | None:
        proposal = self.pending.pop(number, None)
        if proposal is not None:
            identity = self.identity(proposal.architecture)
            if self._awaited.get(identity) == number:
                del self._awaited[identity]
        return proposal

    def _repeat(self, evaluation: Evaluation, variant: Architecture | None, count: int) -> None:
        """Append an earlier evaluation once more, as the answer to a proposal's n-th duplicate."""
        architecture = variant or evaluation.architecture
        self.history.append(
            dataclasses.replace(evaluation, architecture=architecture, repeat=count)
        )

    def _new_proposal(self, rng: np.random.Generator) -> Proposal | None:
        """Ask `propose` until it proposes something new, answering duplicates from history."""
        before = len(self.history)
        self.exhausted = False
        self._met.clear()
        answered: list[int] = []
        variants: dict[int, Architecture] = {}
        for _ in range(self.MAX_REPEATS):
            self.repeats = len(answered)
            proposal = self.propose(rng)
            if proposal is None:
                break
            architecture = proposal.architecture
            if self.options.duplicates or proposal.supernet is not None:
                return proposal
            identity = self.identity(architecture)
            if identity in self._known:
                known = self._known[identity]
                if known.architecture != architecture:
                    variants[len(answered)] = architecture
                answered.append(known.number)
                self._repeat(known, variants.get(len(answered) - 1), len(answered))
            elif identity not in self._awaited:
                return dataclasses.replace(proposal, repeats=tuple(answered), variants=variants)
            else:
                self._met.add(architecture.id)
        else:
            unseen = self._unseen(rng)
            if unseen is not None:
                return Proposal(unseen, repeats=tuple(answered), variants=variants)
            self.exhausted = True
        if answered:  # no proposal carries these repeats, so no record would know them
            del self.history[before:]
            self.forget()
        return None

    def _unseen(self, rng: np.random.Generator) -> Architecture | None:
        """Find an architecture that was never proposed: by chance, else the first in order."""
        drawn = (sample(self.space, rng) for _ in range(self.MAX_REPEATS))
        listed = islice(every_walk(self.space), self.MAX_SCAN)
        return next((a for a in chain(drawn, listed) if a and self.is_new(a)), None)


_STATE = (
    "history", "pending", "next_number", "told", "exhausted", "_known", "_awaited", "_numbered",
)  # fmt: skip
