"""The book of a run: what was proposed, what is being trained, what came out.

All state of a run lives here and in its folder; Ray Tune only carries proposals to workers. So a
run continues from its folder alone, whatever Ray remembers.
"""

import json
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from raynas.runs.record import Record
from raynas.runs.run_config import RunConfig
from raynas.runs.storage import Folder
from raynas.runs.trial import Trial
from raynas.space import Architecture
from raynas.strategies import (
    Proposal,
    Strategy,
    as_config,
    read_derived,
    variants_from_json,
    variants_to_json,
)

_PROPOSAL = "proposal.json"


@dataclass
class Running:
    """A trial that is being trained, as the terminal shows it."""

    trial_id: str
    proposal: Proposal
    epoch: int = 0
    metrics: dict[str, float] | None = None
    curve: list[dict[str, Any]] = field(default_factory=list)
    losses: int = 0
    """How often in a row it has lost its worker, with no new epoch in between."""
    reached: int = 0
    """The epoch that it had reached when it lost its last worker."""


class Book:
    """Keeps one run: hands out proposals, writes results, keeps the best checkpoints."""

    def __init__(self, folder: Folder, config: RunConfig, strategy: Strategy) -> None:
        """Open a run folder; what it holds becomes the strategy's history."""
        self.folder = folder
        self.config = config
        self.strategy = strategy
        self.stopped = threading.Event()
        """Set to end the run at the next moment, resumable."""
        self.fatal: Exception | None = None
        """What made it impossible to go on (a full disk, say)."""
        self.running: dict[str, Running] = {}
        self.failures: list[Trial] = []
        self.best: list[Trial] = []
        """The best completed candidates, the best first; their checkpoints are kept."""
        self.supernets: list[Trial] = []
        """The completed trials of supernets."""
        self.done = 0
        self.lost: tuple[str, str] | None = None
        """The trial that lost its worker last, and what is known of why."""
        self.early = 0
        """How many of those done were stopped early by a scheduler."""
        self.on_change: Callable[[Book], object] | None = None
        """Called after each epoch and each finished trial."""
        self.on_warning: Callable[[str], object] | None = None
        """Called with what a trial warns of, when it does."""
        self._record = Record(folder)
        self._checkpoints = folder / "checkpoints"
        self._checkpoints.make()
        self._waiting: list[Running] = []
        self._recall()

    @property
    def total(self) -> int:
        """How many trials the run is to have."""
        return self.config.trials

    def is_better(self, one: Trial, other: Trial) -> bool:
        """Whether the first of two completed trials has the better metric."""
        return self._score(one) > self._score(other)

    def _score(self, trial: Trial) -> float:
        value = trial.metrics.get(self.config.metric, math.nan)
        if not math.isfinite(value):
            return -math.inf
        return value if self.config.mode == "max" else -value

    # Opening.

    def _recall(self) -> None:
        finished: set[str] = set()

        def evaluations() -> Any:
            for trial in self._record:
                finished.add(trial.trial_id)
                self._count(trial)
                yield (
                    trial.proposal,
                    trial.metrics.get(self.config.metric),
                    (trial.status != "stopped"),
                    trial.derived,
                )

        self.strategy.recall(evaluations())
        kept = {trial.trial_id for trial in self.best}
        for info in self._checkpoints.list():
            trial_id = info.base_name
            folder = self._checkpoints / trial_id
            if trial_id in finished:
                if trial_id not in kept:
                    folder.delete()
            elif not folder.exists(_PROPOSAL):
                folder.delete()
            else:
                self._waiting.append(Running(trial_id, _read_proposal(folder)))
        self._waiting.sort(key=lambda waiting: waiting.proposal.number)
        for waiting in self._waiting:
            self.strategy.expect(waiting.proposal)

    def trials(self) -> Iterator[Trial]:
        """Yield the finished trials in order of completion."""
        yield from self._record

    # While it runs.

    def next(self) -> dict[str, Any] | None:
        """Return the config of the next trial: one that was interrupted, else a new proposal.

        None: nothing can be started now (see `exhausted`).
        """
        if self._waiting:
            trial = self._waiting.pop(0)
        else:
            proposal = self.strategy.ask(self.left - len(self.running))
            if proposal is None:
                return None
            trial = Running(f"{self.config.name}_{proposal.number:05d}", proposal)
            folder = self._checkpoints / trial.trial_id
            folder.make()
            folder.keep_trying(lambda: folder.write(_PROPOSAL, _proposal_json(proposal)))
        self.running[trial.trial_id] = trial
        return {**as_config(trial.proposal), "trial_id": trial.trial_id}

    @property
    def exhausted(self) -> bool:
        """Whether no trial is left to start, ever."""
        return not self._waiting and self.strategy.exhausted

    @property
    def left(self) -> int:
        """How many trials are still to be finished."""
        return max(0, self.total - self.done)

    def epoch(self, trial_id: str, result: dict[str, Any]) -> None:
        """Take note of a trial's epoch."""
        running = self.running.get(trial_id)
        if running is not None and "epoch" in result:
            running.epoch = int(result["epoch"])
            running.metrics = _metrics(result)
            new = result.get("curve", [])
            running.curve += new
            self._changed()
            if new and "warning" in new[-1] and self.on_warning is not None:
                self.on_warning(f"trial {running.proposal.number}: {new[-1]['warning']}")

    def finish(self, trial_id: str, result: dict[str, Any]) -> None:
        """Record a trial that ended by itself or was stopped by a scheduler."""
        error = result.get("error")
        status = "failed" if error else "completed" if result.get("finished") else "stopped"
        self._close(trial_id, status, error, result)

    def fail(self, trial_id: str, error: str) -> None:
        """Record a trial that took its worker with it."""
        self._close(trial_id, "failed", error, {})

    def lose(self, trial_id: str, error: str, most: int, fatal: Exception | None = None) -> None:
        """Put back a trial whose worker or machine is gone: it goes on elsewhere, as if resumed.

        It fails if that has happened more than `most` times in a row, with no epoch in between;
        where that cannot be its own fault, the run ends with the error `fatal`.
        """
        running = self.running.get(trial_id)
        if running is None:
            return
        losses = 1 if running.epoch > running.reached else running.losses + 1
        if losses > most:
            if fatal is None:
                self.fail(trial_id, error)
            else:
                self.give_up(fatal)
            return
        del self.running[trial_id]
        reached = max(running.epoch, running.reached)
        again = Running(trial_id, running.proposal, losses=losses, reached=reached)
        self._waiting.insert(0, again)
        self.lost = (trial_id, error)
        self._changed()

    def _close(self, trial_id: str, status: str, error: str | None, result: dict[str, Any]) -> None:
        running = self.running.pop(trial_id, None)
        if running is None:
            return
        now = datetime.now(UTC)
        started = result.get("started_at")
        warnings = [epoch["warning"] for epoch in running.curve if "warning" in epoch]
        notes = {**running.proposal.notes, **({"warnings": warnings} if warnings else {})}
        trial = Trial(
            trial_id=trial_id,
            proposal=replace(running.proposal, notes=notes),
            status=status,
            error=error,
            epochs=int(result.get("epoch", running.epoch)),
            train_seconds=float(result.get("train_seconds", 0.0)),
            started_at=datetime.fromisoformat(started) if started else now,
            finished_at=now,
            node=str(result.get("node", "")),
            metrics=_metrics(result) if status != "failed" else {},
            curve=running.curve,
            derived=read_derived(result) if status != "failed" else None,
        )
        self._record.append(trial)
        self.strategy.tell(
            trial.number,
            trial.metrics.get(self.config.metric),
            finished=status != "stopped",
            derived=trial.derived,
        )
        before = {kept.trial_id for kept in self.best}
        self._count(trial)
        after = {kept.trial_id for kept in self.best}
        for gone in (before | {trial_id}) - after:
            (self._checkpoints / gone).delete()
        self._changed()

    def give_up(self, error: Exception) -> None:
        """End the run because it cannot go on here; what it has is recorded."""
        self.fatal = self.fatal or error

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change(self)

    def _count(self, trial: Trial) -> None:
        self.done += 1
        if trial.status == "failed":
            self.failures.append(trial)
        elif trial.status == "stopped":
            self.early += 1
        elif trial.proposal.supernet is not None:
            self.supernets.append(trial)
        else:
            self.best = sorted([*self.best, trial], key=self._score, reverse=True)
            del self.best[self.config.keep :]


def _metrics(result: dict[str, Any]) -> dict[str, float]:
    """Pick the metrics out of a result that Tune has added its own fields to."""
    return {name: float(result[name]) for name in result.get("metric_names", ())}


def _proposal_json(proposal: Proposal) -> bytes:
    return json.dumps(
        {
            "number": proposal.number,
            "architecture": json.loads(proposal.architecture.to_json()),
            "parents": proposal.parents,
            "repeats": proposal.repeats,
            "notes": proposal.notes,
            "variants": variants_to_json(proposal.variants),
            "supernet": proposal.supernet,
        }
    ).encode()


def _read_proposal(folder: Folder) -> Proposal:
    data = json.loads(folder.read(_PROPOSAL))
    architecture = Architecture.from_json(json.dumps(data["architecture"]))
    return Proposal(
        architecture,
        parents=tuple(data["parents"]),
        number=data["number"],
        repeats=tuple(data["repeats"]),
        notes=data["notes"],
        variants=variants_from_json(data["variants"]),
        supernet=data["supernet"],
    )
