"""The ledger of a run: what was proposed, what is being trained, what came out.

All state of a run lives here and in its folder; Ray Tune only carries proposals to workers. So a
run continues from its folder alone, whatever Ray remembers.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from raynas.engine.ledger.running import Running
from raynas.engine.ledger.tally import Tally
from raynas.engine.ledger.time_limit import Sizing, TimeLimit
from raynas.engine.trials.trial_report import TrialReport
from raynas.runs.files.record_head import damaged
from raynas.runs.integrity.trial_folders import TrialFolders
from raynas.runs.record import TrialRecord
from raynas.runs.run_config import RunConfig
from raynas.runs.storage import Folder
from raynas.runs.trial import MINUTES, STOPPED_BY, Trial
from raynas.strategies import Proposal, Result, Strategy
from raynas.tune import trial_config


class Ledger:
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
        self.tally = Tally(config)
        """What has come of the trials so far."""
        self.limit = TimeLimit(None)
        """When the run is over, whatever it has."""
        self.sizing: Sizing | None = None
        """Sets options once it is known how many trials its minutes allow."""
        self.lost: tuple[str, str] | None = None
        """The trial that lost its worker last, and what is known of why."""
        self.on_change: Callable[[Ledger], object] | None = None
        """Called after each epoch and each finished trial."""
        self.on_warning: Callable[[str], object] | None = None
        """Called with what a trial warns of, the first time that one says so."""
        self._warned: set[str] = set()
        self.check_hold: Callable[[], object] = lambda: None
        """Raises if the run is in another process's hands; asked before a trial is recorded."""
        self._record = TrialRecord(folder)
        self.folders = TrialFolders(folder, config.name)
        self.waiting: list[Running] = []
        """Trials that were interrupted, or lost their worker."""
        self._recall()

    @property
    def total(self) -> int | None:
        """How many trials the run is to have; None: as many as its minutes allow."""
        return self.config.trials

    @property
    def done(self) -> int:
        """How many trials are finished."""
        return self.tally.done

    @property
    def best(self) -> list[Trial]:
        """The best finished trials, the best first; their checkpoints are kept."""
        return self.tally.best

    # Opening.

    def _recall(self) -> None:
        history: list[tuple[Proposal, Result]] = []
        finished: set[str] = set()
        for trial in self._record:
            finished.add(trial.trial_id)
            self.tally.count(trial)
            history.append((trial.proposal, self._result(trial)))
        kept = {trial.trial_id for trial in self.best}
        for place in (self.folder, self.folder / "trials"):
            place.sweep()
        for trial_id in self.folders:
            if trial_id in finished:
                if trial_id not in kept:
                    self.folders.remove(trial_id)
            elif proposal := self.folders.proposal(trial_id, known=len(history)):
                self.waiting.append(Running(trial_id, proposal))
        self._check_known(len(history))
        self.waiting.sort(key=lambda waiting: waiting.proposal.number)
        self.strategy.recall(history, (waiting.proposal for waiting in self.waiting))

    def _check_known(self, done: int) -> None:
        """Check that the record has all that was known when a waiting trial was asked for."""
        for trial in self.waiting:
            if (trial.proposal.known or 0) > done:
                raise damaged(
                    (self.folder / "trials").uri,
                    f"it holds {done} rows, and {trial.proposal.known} were known when trial "
                    f"{trial.proposal.number} was proposed",
                )

    def _result(self, trial: Trial) -> Result:
        """Return what a trial tells the strategy."""
        score = trial.metrics.get(self.config.metric)
        return Result(score, finished=trial.status != "stopped", derived=trial.derived)

    def trials(self) -> Iterator[Trial]:
        """Yield the finished trials in order of completion."""
        yield from self._record

    # While it runs.

    def next(self) -> dict[str, Any] | None:
        """Return the config of the next trial: one that was interrupted, else a new proposal.

        None: nothing can be started now (see `exhausted`).
        """
        if self.waiting:
            trial = replace(self.waiting.pop(0), begun=time.monotonic())
        else:
            room = None if self.left is None else self.left - len(self.running)
            proposal = self.strategy.ask(room)
            if proposal is None:
                return None
            trial = Running(self.folders.add(proposal), proposal)
        self.running[trial.trial_id] = trial
        return _config_of(trial)

    @property
    def exhausted(self) -> bool:
        """Whether no trial is left to start, ever."""
        return not self.waiting and self.strategy.exhausted

    @property
    def left(self) -> int | None:
        """How many trials are still to be finished; None: as many as its minutes allow."""
        return None if self.total is None else max(0, self.total - self.done)

    @property
    def complete(self) -> bool:
        """Whether the run has all that it is to have: its trials, or its time is over."""
        return self.left == 0 or self.limit.over

    def note(self, trial_id: str, report: TrialReport) -> None:
        """Take note of a trial's new epochs."""
        running = self.running.get(trial_id)
        if running is None or not report.curve:
            return
        running.epoch = report.epoch
        running.metrics = report.metrics
        running.curve += report.curve
        self._changed()
        warning = report.curve[-1].get("warning")
        if warning and warning not in self._warned:
            self._warned.add(warning)
            self.warn_of(trial_id, f": {warning}")

    def warn_of(self, trial_id: str, words: str) -> None:
        """Say something of a trial that is being trained, after its number."""
        if self.on_warning is not None and trial_id in self.running:
            self.on_warning(f"trial {self.running[trial_id].proposal.number}{words}")

    def leave_out(self, number: int) -> None:
        """Record a trial that was interrupted as failed, instead of going on with it.

        Raises:
            ValueError: no trial of this number was interrupted.
        """
        for trial in self.waiting:
            if trial.proposal.number == number:
                self.waiting.remove(trial)
                self.running[trial.trial_id] = trial
                self.fail(trial.trial_id, "it was interrupted, and left out by --leave-out")
                return
        unfinished = ", ".join(str(trial.proposal.number) for trial in self.waiting) or "none"
        raise ValueError(
            f"leave_out: expected the number of an unfinished trial ({unfinished}), got {number}"
        )

    def finish(self, trial_id: str, report: TrialReport) -> None:
        """Record a trial that ended by itself or was stopped by a scheduler."""
        self._close(trial_id, report)

    def cut(self, reached: Callable[[dict[str, Any]], TrialReport | None]) -> None:
        """Record the trials that were being trained when the run's time was over as stopped.

        `reached` says what the checkpoint of a trial has, by its config; without one it goes back.
        """
        for trial in list(self.running.values()):
            report = reached(_config_of(trial))
            if report is not None:
                trial.curve = list(report.curve)
                self._close(trial.trial_id, report, {STOPPED_BY: MINUTES})
            else:
                self.put_back(trial.trial_id)

    def fail(self, trial_id: str, error: str) -> None:
        """Record a trial that took its worker with it."""
        self._close(trial_id, TrialReport(error=error))

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
        self.put_back(trial_id, losses)
        self.lost = (trial_id, error)
        self._changed()

    def put_back(self, trial_id: str, losses: int = 0) -> None:
        """Let a trial begin again, in another worker, or go on from its checkpoint there."""
        running = self.running.pop(trial_id, None)
        if running is not None:
            reached = max(running.epoch, running.reached)
            again = Running(
                trial_id, running.proposal, losses=losses or running.losses, reached=reached
            )
            self.waiting.insert(0, again)

    def _close(
        self, trial_id: str, report: TrialReport, more_notes: dict[str, Any] | None = None
    ) -> None:
        running = self.running.pop(trial_id, None)
        if running is None:
            return
        failed = report.error is not None
        now = datetime.now(UTC)
        warnings = [epoch["warning"] for epoch in running.curve if "warning" in epoch]
        notes = {**running.proposal.notes, **(more_notes or {})}
        if warnings:
            notes["warnings"] = warnings
        trial = Trial(
            trial_id=trial_id,
            proposal=replace(running.proposal, notes=notes),
            status="failed" if failed else "completed" if report.finished else "stopped",
            error=report.error,
            epochs=report.epoch or running.epoch,
            train_seconds=report.train_seconds,
            started_at=report.started_at or now,
            finished_at=now,
            node=report.node,
            metrics={} if failed else report.metrics,
            curve=running.curve,
            derived=None if failed else report.derived,
        )
        self.check_hold()
        self._record.append(trial)
        self.strategy.tell(trial.number, self._result(trial))
        before = {kept.trial_id for kept in self.best}
        self.tally.count(trial)
        after = {kept.trial_id for kept in self.best}
        for gone in (before | {trial_id}) - after:
            self.folders.remove(gone)
        if self.sizing is not None:
            self.sizing.look(self, running.begun)
        self._changed()

    def go_on_with(self, config: RunConfig) -> None:
        """Go on with other options of the strategy: another one lives through the history."""
        options = config.strategy_options.model_dump()
        strategy = type(self.strategy)(self.strategy.space, **options)
        unfinished = (trial.proposal for trial in (*self.running.values(), *self.waiting))
        strategy.recall(((t.proposal, self._result(t)) for t in self._record), unfinished)
        self.config, self.strategy = config, strategy

    def close(self) -> None:
        """Note how far the record goes, for who comes next."""
        with contextlib.suppress(OSError):  # each of its files knows it, too
            self._record.close()

    def give_up(self, error: Exception) -> None:
        """End the run because it cannot go on here; what it has is recorded."""
        self.fatal = self.fatal or error

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change(self)


def _config_of(trial: Running) -> dict[str, Any]:
    return {**trial_config(trial.proposal), "trial_id": trial.trial_id}
