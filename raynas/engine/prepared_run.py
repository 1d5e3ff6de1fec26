"""A run whose parts have been loaded and checked goes on, to its end or to a signal."""

import contextlib
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from raynas.data import DataSource
from raynas.engine.best_network import write_best
from raynas.engine.cluster import worker_share
from raynas.engine.ledger import Ledger
from raynas.engine.ledger.time_limit import Sizing, TimeLimit, spent_s
from raynas.engine.local_ray.own_ray import RayProcesses, workers_at_first
from raynas.engine.preflight import set_aside_broken
from raynas.engine.tracking import make_loggers, make_step_logs
from raynas.engine.trials.patches import Patches
from raynas.engine.trials.trial_setup import TrialSetup
from raynas.engine.tune_loop import run_trials
from raynas.report.refresh import refreshed, write_last
from raynas.runs.endings import RunFailed, interruptible
from raynas.runs.lock import Hold
from raynas.runs.run_config import RunConfig
from raynas.runs.run_file import RunFile, read_run_file, write_run_file
from raynas.runs.run_folder import CHECKPOINTS, RunFolder, foreign_words
from raynas.runs.storage import StoreError
from raynas.runs.trial import MINUTES, Trial
from raynas.runs.wording import go_on
from raynas.space import LoadedSpace
from raynas.strategies import Strategy


class View(Protocol):
    """Shows a run while it goes on."""

    def opened(self, run: RunFolder, space: LoadedSpace, data: DataSource, resumed: bool) -> None:
        """The run is about to start."""

    def watch(self, ledger: Ledger) -> contextlib.AbstractContextManager[None]:
        """Show the ledger while trials run."""

    def say(self, text: str) -> None:
        """Show one line."""


@dataclass(frozen=True)
class PreparedRun:
    """A run whose parts have been loaded and checked."""

    run: RunFolder
    config: RunConfig
    space: LoadedSpace
    data: DataSource
    strategy: Strategy
    modules: bytes
    libraries: Patches
    """Those of this process, before it builds a network of the space."""
    processes: RayProcesses
    file: RunFile
    finished: Sequence[Trial] = ()
    """The trials that it has already."""
    resumed: bool = False

    def ledger(self, hold: Hold, say: Callable[[str], object]) -> Ledger:
        """Open the ledger of the run, which ends when its folder is lost to somebody else."""
        ledger = Ledger(self.run.folder, self.config, self.strategy)
        if self.config.minutes is not None:
            spent = spent_s(self.finished, self.file.started)
            ledger.limit = TimeLimit(self.config.minutes, spent)
            ledger.sizing = Sizing(self.file.to_be_sized, say)
        ledger.check_hold = hold.check
        hold.append(ledger.give_up)
        return ledger

    def setup(self) -> TrialSetup:
        """Return what all its trials share."""
        run, config, space = self.run, self.config, self.space
        cpus, gpus = worker_share(config)
        return TrialSetup(
            space_name=space.name,
            space_source=space.source,
            modules=self.modules,
            data=self.data,
            training=config.training,
            seed=config.seed,
            metric=config.metric,
            checkpoints=run.folder / CHECKPOINTS,
            workers=config.workers_per_trial,
            cpus=cpus,
            gpus=gpus,
            accelerator="auto" if config.gpus_per_trial else "cpu",
            working_directory=os.getcwd(),
            tests=run.origin() is not None,
            waits=config.scheduler != "none",
            logs=make_step_logs(config, run.folder),
        )


def go(begun: PreparedRun, view: View | None, ledger: Ledger, notice: str | None) -> RunFolder:
    """Run its trials, test the best network that there is then, and return the run.

    Raises:
        RunFailed: not one trial was completed; or what made it impossible to go on.
    """
    run, config = begun.run, begun.config
    hint, last_words = go_on(run.folder.uri), view.say if view else print
    begun.processes.on_loss = lambda words: ledger.give_up(RunFailed(f"{words}. {hint}"))
    begun.processes.last_words = lambda words: last_words(f"{words}. {hint}")
    setup = begun.setup()
    words = [notice, *set_aside_broken(ledger), foreign_words(run)]
    if view:
        view.opened(run, begun.space, begun.data, begun.resumed)
        for line in filter(None, words):
            view.say(line)
    else:
        for warning in begun.data.intake.warnings:
            warnings.warn(f"{config.data}: {warning}", stacklevel=3)
    with interruptible(ledger.stopped, run.end_by):
        with (
            contextlib.closing(ledger),
            refreshed(run, lambda: ledger.done),
            view.watch(ledger) if view else contextlib.nullcontext(),
            begun.processes.idle_workers(workers_at_first(config), ledger.stopped),
        ):
            run_trials(ledger, setup, callbacks=make_loggers(config, run.folder))
        run.config = ledger.config
        if run.interrupted and not ledger.complete:
            try:
                _hand_over(begun, ledger, setup, view)
            except (RunFailed, StoreError) as error:
                last_words(str(error))
            write_last(run, "interrupted")
            return run
        run.end_by(0)
        if ledger.left != 0:
            ended, line = _ended_early(ledger)
            if view:
                view.say(line)
            write_run_file(run.folder, replace(read_run_file(run.folder), ended=ended))
        if not ledger.best:
            write_last(run, "finished")
            raise RunFailed(_nothing_completed(ledger))
        _hand_over(begun, ledger, setup, view)
        write_last(run, "finished")
    return run


def _hand_over(begun: PreparedRun, ledger: Ledger, setup: TrialSetup, view: View | None) -> None:
    """Test the best network of the trials that there are, if there is one, and write it.

    Raises:
        RunFailed: its checkpoint is damaged or missing.
        StoreError: the store is away.
    """
    if not ledger.best:
        return
    if view and not setup.tests:
        far = " so far" if begun.run.interrupted else ""
        view.say(f"Testing the best network{far} on the test data, measuring latencies …")
    patched = any(begun.libraries.changes())
    write_best(begun.run, ledger.best, setup, begun.space, trials=ledger.done, patched=patched)


def _ended_early(ledger: Ledger) -> tuple[str, str]:
    """Say what has ended a run that has not all of its trials, in a word and in a line."""
    if not ledger.limit.over:
        return "space", ledger.strategy.EXHAUSTED.format(done=ledger.done)
    many = f"{ledger.done:,} trial{'' if ledger.done == 1 else 's'}"
    none = ", none of them trained to its end" if all(t.cut_off for t in ledger.best) else ""
    return MINUTES, f"Its time is over ({ledger.config.minutes:g} min), after {many}{none}."


def _nothing_completed(ledger: Ledger) -> str:
    """Say why there is no best network."""
    first = ledger.tally.failures[0] if ledger.tally.failures else None
    words = f"; the first ({first.trial_id}): {first.error}" if first else ""
    if not ledger.done:
        return f"no trial has trained an epoch in {ledger.config.minutes:g} minutes"
    if not ledger.tally.early:
        failed = len(ledger.tally.failures)
        if ledger.tally.supernets:
            return f"{failed} of {ledger.done} trials failed, the others are supernets{words}"
        return f"all {ledger.done} trials failed{words}"
    by, option = (
        ("when the time was over", "minutes")
        if ledger.limit.over
        else (f"early by {ledger.config.scheduler}", "trials")
    )
    return (
        f"no trial was trained to its end: of {ledger.done}, {ledger.tally.early} were stopped "
        f"{by} and {len(ledger.tally.failures)} failed{words}; go on with more {option}: "
        "raynas resume"
    )
