"""What every strategy shares: history, duplicates, failures, the metric's sign, Ray's protocol.

A strategy is a function of its history: `propose(rng)` looks at `self.history`, `self.pending`, the
space and a generator made from (seed, number of the proposal), and keeps nothing else. So a
strategy is rebuilt by telling its history to a new one, and proposes what the old one would have.
"""

import dataclasses
import math
import pickle
from abc import abstractmethod
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any, ClassVar, Literal

import numpy as np
from ray.tune.search import Searcher

from raynas.space import Architecture, Space, enumerate_all, sample
from raynas.strategies.duplicates import Deduplicate, Identity
from raynas.strategies.proposal import Evaluation, Proposal, Recalled, as_config, read_result

Mode = Literal["max", "min"]


class Strategy(Searcher):
    """Base of all strategies; a subclass implements `propose` and nothing else.

    Works in raynas' runner, in `raynas replay` and in a user's own `tune.Tuner`, whose trainable
    then finds `config["architecture"]` (the plain value), `config["architecture_id"]` and
    `config["number"]`, and reports `metric`. If there is a `config["supernet"]`, it trains that
    supernet and reports "derived", too: an `Architecture.to_json()`.
    """

    trains_supernets: ClassVar[bool] = False
    """Whether trials come in pairs, a supernet and the architecture that it derives."""
    EXHAUSTED: ClassVar[str] = "All {done} architectures of the space have been tried."
    """What it means that the strategy is exhausted, after so many trials."""

    MAX_REPEATS = 40
    """Duplicates that one proposal may run through before any architecture not seen is taken."""
    MAX_SCAN = 100_000
    """Walks of the space looked through for one not seen before it counts as exhausted."""

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
    ) -> None:
        """Start with an empty history.

        `duplicates=True` trains an architecture again whenever it is proposed again; otherwise a
        duplicate is answered from history and the next one proposed. With "canonical", cells that
        compute the same function are duplicates, too.

        Raises:
            ValueError: the space cannot be called, mode is neither "max" nor "min", the seed is
                no integer from 0, or there is no such kind of duplicates.
        """
        if not callable(space):
            raise ValueError(
                "space: expected a node (Record, Choice, …) or a function of a picker, "
                f"got {type(space).__name__}"
            )
        if mode not in ("max", "min"):
            raise ValueError(f'mode: expected "max" or "min", got {mode!r}')
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"seed: expected an integer from 0, got {seed!r}")
        super().__init__(metric=metric, mode=mode)
        self.space = space
        self.seed = seed
        self.duplicates = duplicates
        self.history: list[Evaluation] = []
        self.pending: dict[int, Proposal] = {}
        self.next_number = 0
        self.exhausted = False
        self._identity = Identity(deduplicate)
        self._known: dict[str, Evaluation] = {}  # by identity, as what follows
        self._awaited: dict[str, int] = {}
        self._met: set[str] = set()  # ids of duplicates of pending ones, met in this proposal
        self.room: int | None = None  # how many trials may still be started, where that is known
        self._numbered: dict[int, Evaluation] = {}
        self._trials: dict[str, int] = {}

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Return the options that `raynas search` sets for a run of so many trials.

        Only where the paper's options would make no sense there; what a person sets wins.
        """
        return {}

    def check_space(self) -> None:
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
        rng = np.random.default_rng([self.seed, self.next_number])
        proposal = self._new_proposal(rng)
        if proposal is None:
            return None
        proposal = dataclasses.replace(proposal, number=self.next_number)
        self._await(proposal)
        return proposal

    def expect(self, proposal: Proposal) -> None:
        """Count as pending what another one asked for; with `tell`, this rebuilds a history."""
        for place, number in enumerate(proposal.repeats):
            if number in self._numbered:
                self._repeat(self._numbered[number], proposal.variants.get(place))
        self._await(proposal)

    def _await(self, proposal: Proposal) -> None:
        self.pending[proposal.number] = proposal
        self._awaited[self._identity(proposal.architecture)] = proposal.number
        self.next_number = max(self.next_number, proposal.number + 1)

    def tell(
        self,
        number: int,
        score: float | None,
        *,
        finished: bool = True,
        derived: Architecture | None = None,
    ) -> None:
        """Answer a pending proposal; `score` as reported, or None (or not finite) where it failed.

        `derived` is the architecture that a supernet's trial came to. Telling twice, or about a
        proposal that is not pending, changes nothing.
        """
        proposal = self._release(number)
        if proposal is None:
            return
        if score is None or not math.isfinite(score):
            signed = None
        else:
            signed = score if self.mode == "max" else -score
        evaluation = Evaluation(
            number, proposal.architecture, signed, finished, False, proposal.notes, derived
        )
        self._known[self._identity(proposal.architecture)] = evaluation
        self._numbered[number] = evaluation
        self.history.append(evaluation)

    def recall(self, evaluations: Iterable[Recalled]) -> None:
        """Rebuild the history from (proposal, score, finished, derived), as they were completed."""
        for proposal, score, finished, derived in evaluations:
            self.expect(proposal)
            self.tell(proposal.number, score, finished=finished, derived=derived)

    def drop(self, number: int) -> None:
        """Forget a pending proposal that will not be answered; it may be proposed again."""
        self._release(number)

    def _release(self, number: int) -> Proposal | None:
        proposal = self.pending.pop(number, None)
        if proposal is not None:
            identity = self._identity(proposal.architecture)
            if self._awaited.get(identity) == number:
                del self._awaited[identity]
        return proposal

    def known(self, architecture: Architecture) -> Evaluation | None:
        """Return the evaluation of an architecture, or of its duplicate as if it were its own."""
        evaluation = self._known.get(self._identity(architecture))
        if evaluation is None or evaluation.architecture == architecture:
            return evaluation
        return dataclasses.replace(evaluation, architecture=architecture)

    def is_new(self, architecture: Architecture) -> bool:
        """Whether neither it nor a duplicate of it is known or pending."""
        identity = self._identity(architecture)
        return identity not in self._known and identity not in self._awaited

    @property
    def closed(self) -> set[str]:
        """Ids of the architectures found not to be new so far; others may not be new either."""
        pending = {proposal.architecture.id for proposal in self.pending.values()}
        return {e.architecture.id for e in self.history} | pending | self._met

    def _repeat(self, evaluation: Evaluation, variant: Architecture | None) -> None:
        """Append an earlier evaluation once more, as the answer to a duplicate."""
        architecture = variant or evaluation.architecture
        self.history.append(
            dataclasses.replace(evaluation, architecture=architecture, repeated=True)
        )

    def latest(self, count: int) -> list[Evaluation]:
        """Return the last `count` evaluations that did not fail, oldest first."""
        alive = (e for e in reversed(self.history) if e.score is not None)
        return list(islice(alive, count))[::-1]

    def _new_proposal(self, rng: np.random.Generator) -> Proposal | None:
        """Ask `propose` until it proposes something new, answering duplicates from history."""
        before = len(self.history)
        self.exhausted = False
        self._met.clear()
        repeats: list[int] = []
        variants: dict[int, Architecture] = {}
        for _ in range(self.MAX_REPEATS):
            proposal = self.propose(rng)
            if proposal is None:
                break
            architecture = proposal.architecture
            if self.duplicates or proposal.supernet is not None:
                return proposal
            identity = self._identity(architecture)
            if identity in self._known:
                known = self._known[identity]
                if known.architecture != architecture:
                    variants[len(repeats)] = architecture
                self._repeat(known, variants.get(len(repeats)))
                repeats.append(known.number)
            elif identity not in self._awaited:
                return dataclasses.replace(proposal, repeats=tuple(repeats), variants=variants)
            else:
                self._met.add(architecture.id)
        else:
            unseen = self._unseen(rng)
            if unseen is not None:
                return Proposal(unseen, repeats=tuple(repeats), variants=variants)
            self.exhausted = True
        del self.history[before:]  # no proposal carries these repeats, so no record would know them
        return None

    def _unseen(self, rng: np.random.Generator) -> Architecture | None:
        """Find an architecture that was never proposed: by chance, else the first in order."""
        drawn = (sample(self.space, rng) for _ in range(self.MAX_REPEATS))
        listed = islice(enumerate_all(self.space), self.MAX_SCAN)
        return next(filter(self.is_new, chain(drawn, listed)), None)

    # Ray Tune's protocol. Tune may call on_trial_complete twice, with result=None, and ends a
    # finished trial as errored if it raises.

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Take metric and mode from `tune.TuneConfig`, where they are given there."""
        self._metric = metric or self._metric
        self._mode = mode or self._mode
        return True

    def suggest(  # type: ignore[override]  # Ray's annotation leaves out "FINISHED"
        self, trial_id: str
    ) -> dict[str, Any] | str | None:
        """Propose the config of a trial; None to wait, "FINISHED" when the space is exhausted."""
        proposal = self.ask()
        if proposal is None:
            return Searcher.FINISHED if self.exhausted else None
        self._trials[trial_id] = proposal.number
        return as_config(proposal)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Take the final result of a trial; `result["finished"] = False` marks an early stop."""
        number = self._trials.pop(trial_id, None)
        if number is None:
            return
        if result is None and not error:
            self.drop(number)
            return
        score, finished, derived = read_result(result, self.metric, error)
        self.tell(number, score, finished=finished, derived=derived)

    def save(self, checkpoint_path: str) -> None:
        """Write the history and what is pending (not the space) to a file."""
        with open(checkpoint_path, "wb") as file:
            pickle.dump({name: getattr(self, name) for name in _STATE}, file)

    def restore(self, checkpoint_path: str) -> None:
        """Read what `save` wrote."""
        with open(checkpoint_path, "rb") as file:
            for name, value in pickle.load(file).items():
                setattr(self, name, value)


_STATE = (
    "history", "pending", "next_number", "exhausted", "_known", "_awaited", "_numbered", "_trials",
    "seed",
)  # fmt: skip
