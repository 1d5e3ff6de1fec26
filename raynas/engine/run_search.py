"""A search from start to end: check, start Ray, run trials, test the best, leave the folder."""

import contextlib
import os
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from raynas.data import DataSource, is_user_data, load_data, located
from raynas.engine.best_network import write_best
from raynas.engine.cluster import Room, joined, worker_share
from raynas.engine.ledger import Ledger
from raynas.engine.own_ray import RayProcesses, RaySoon, workers_at_first
from raynas.engine.preflight import (
    check_builds,
    check_idle,
    check_loaders,
    check_no_secret,
    check_pairs,
    check_storage,
    check_strategy,
    check_trials,
    count_validation,
    ended_words,
    set_aside_broken,
)
from raynas.engine.tracking import check_loggers, make_loggers, make_step_logs
from raynas.engine.trials.patches import Patches
from raynas.engine.trials.printed import limited_printing
from raynas.engine.trials.process_state import kept_process_state
from raynas.engine.trials.trial_setup import TrialSetup
from raynas.engine.tune_loop import run_trials
from raynas.options.command_options import ResumeCall
from raynas.report.refresh import refreshed, write_last
from raynas.runs.endings import RunFailed, interruptible
from raynas.runs.files.plain_files import refuse_links
from raynas.runs.files.uris import INSTEAD
from raynas.runs.found_network import Origin
from raynas.runs.integrity.identity import check_identity
from raynas.runs.integrity.new_run import leftovers, make_run
from raynas.runs.integrity.signature import read_code
from raynas.runs.lock import Hold, locked
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import RUN_FILE, read_run_config, read_run_file, run_file
from raynas.runs.run_folder import CHECKPOINTS, RunFolder, foreign_words
from raynas.runs.storage import open_folder
from raynas.runs.user_code import find_modules, install_modules
from raynas.runs.wording import go_on
from raynas.space import LoadedSpace, load_space, load_space_source
from raynas.strategies import Strategy


class View(Protocol):
    """Shows a run while it goes on."""

    def opened(self, run: RunFolder, space: LoadedSpace, data: DataSource, resumed: bool) -> None:
        """The run is about to start."""

    def watch(self, ledger: Ledger) -> contextlib.AbstractContextManager[None]:
        """Show the ledger while trials run."""

    def say(self, text: str) -> None:
        """Show one line."""


def run_search(
    config: RunConfig,
    view: View | None = None,
    address: str | None = None,
    *,
    space: LoadedSpace | None = None,
    origin: Origin | None = None,
    soon: RaySoon | None = None,
) -> RunFolder:
    """Search, and return the run with its best architecture tested.

    A retraining is a search of a `space` with one architecture; `origin` says where it is from. A
    Ray may have begun to start `soon`.

    Raises:
        ValueError: something in the config or the address is wrong, or the run exists; no trial has
            started.
        RunFailed: every trial failed; the message names the first error.
    """
    asked = config.options if origin is None else {}  # a retraining asks for what its search did
    started = datetime.now(UTC)
    config = config.resolved()
    config = config.model_copy(update={"data": located(config.data)})
    check_no_secret(config.data)
    space = space or load_space(config.space)
    data = load_data(config.data, options=config.data_options)
    strategy = config.make_strategy(space)
    check_pairs(config)
    check_idle(config, asked, space, data)
    libraries = Patches()
    with kept_process_state(), limited_printing():
        check_builds(space, data, config.training)
        check_loaders(space, data, config.training)
    check_strategy(strategy, config, space, data)
    asked_for = config.storage.rstrip("/")
    storage = open_folder(config.storage)
    config = config.model_copy(update={"storage": storage.uri})  # without the secrets of a URI
    folder = storage / config.name
    leftovers(folder)
    validation = count_validation(data, config.training)
    check_loggers(config, folder)
    check_storage(config.storage)
    say = view.say if view else _no_words
    if storage.uri != asked_for:
        say(f"The secrets in --storage are written nowhere; to go on with this run, {INSTEAD}")
    modules = _modules(config, space)
    with joined(address, say, soon) as processes:
        notice = Room(config).check()
        folder.make()
        with locked(folder) as hold:
            file = run_file(config, data.fingerprint(), validation, started)
            for line in make_run(folder, config, space.source, modules, file, origin):
                say(line)
            run = RunFolder(folder, config)
            begun = _Begun(run, config, space, data, strategy, modules, libraries, processes)
            return _go(begun, view, begun.ledger(hold), notice)


def resume_run(
    path: str, call: ResumeCall, view: View | None = None, soon: RaySoon | None = None
) -> RunFolder:
    """Go on with a run, from whatever moment it ended at; `call.trials` extends it.

    Of a run that has ended nothing is done or changed, and no worker started.

    Raises:
        ValueError: there is no run folder at `path`, the run is going on somewhere, it has more
            trials already, its data set or what it was started with has changed, its record is
            damaged, its code is not this account's, or the address is wrong.
        RunFailed: every trial failed.
    """
    started, folder = datetime.now(UTC), open_folder(path)
    config = read_run_config(folder)
    say, trials = view.say if view else _no_words, call.trials
    finished = list(RunFolder(folder, config).trials())
    changes = {
        name: value
        for name in ("trials", "trial_minutes")
        if (value := getattr(call, name)) is not None and value != getattr(config, name)
    }
    if "trials" not in changes:
        ended = ended_words(RunFolder(folder, config), finished)
        if ended is not None and call.leave_out:
            raise ValueError(f"leave_out: no trial is unfinished: {ended}")
        if ended is not None:
            say(ended)
            return RunFolder(folder, config)
    with locked(folder, say) as hold:
        if folder.local:
            refuse_links(folder.local)
        file = read_run_file(folder)
        check_trials(folder, len(finished), trials or config.trials)
        code = read_code(folder, trust=call.trust)
        check_identity(folder, config, file.data_fingerprint, code.source, code.modules)
        config = make_config(**{**config.model_dump(), **changes})
        file = file.resumed(started, **changes)
        install_modules(code.modules)
        space = load_space_source(code.source, config.space_name)
        data = load_data(config.data, options=config.data_options)
        _check_same_data(file.data_fingerprint, data, config)
        with joined(call.address, say, soon) as processes:
            notice = Room(config).check()
            run, strategy = RunFolder(folder, config), config.make_strategy(space)
            parts = (run, config, space, data, strategy, code.modules)
            begun = _Begun(*parts, Patches(), processes, resumed=True)
            ledger = begun.ledger(hold)
            for number in call.leave_out:
                ledger.leave_out(number)
            if changes or file.started:  # what was refused so far has changed nothing
                folder.write(RUN_FILE, file.to_yaml().encode())
            return _go(begun, view, ledger, notice)


def _no_words(text: str) -> None:
    """Say nothing: nobody is there."""


def _check_same_data(fingerprint: str, data: DataSource, config: RunConfig) -> None:
    if fingerprint and fingerprint != (now := data.fingerprint()):
        raise ValueError(
            f"data set {config.data!r} has changed since the run began: it was {fingerprint}, it "
            f"is {now}; results of both would not be comparable: start another run"
        )


def _modules(config: RunConfig, space: LoadedSpace) -> bytes:
    """Return the user's modules that space and data import, zipped."""
    names = [config.data.partition(":")[0]] if is_user_data(config.data) else []
    return find_modules(space.source, names, Path(space.path).parent)


@dataclass(frozen=True)
class _Begun:
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
    resumed: bool = False

    def ledger(self, hold: Hold) -> Ledger:
        """Open the ledger of the run, which ends when its folder is lost to somebody else."""
        ledger = Ledger(self.run.folder, self.config, self.strategy)
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


def _go(begun: _Begun, view: View | None, ledger: Ledger, notice: str | None) -> RunFolder:
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
        if run.interrupted and ledger.left:
            write_last(run, "interrupted")
            return run
        run.end_by(0)
        if view and ledger.left:
            view.say(ledger.strategy.EXHAUSTED.format(done=ledger.done))
        if not ledger.best:
            write_last(run, "finished")
            raise RunFailed(_nothing_completed(ledger))
        if view and not setup.tests:
            view.say("Testing the best network on the test data, measuring latencies …")
        patched = any(begun.libraries.changes())
        write_best(run, ledger.best, setup, begun.space, patched=patched)
        write_last(run, "finished")
    return run


def _nothing_completed(ledger: Ledger) -> str:
    """Say why there is no best network."""
    first = ledger.failures[0] if ledger.failures else None
    words = f"; the first ({first.trial_id}): {first.error}" if first else ""
    if not ledger.early:
        failed = len(ledger.failures)
        if ledger.supernets:
            return f"{failed} of {ledger.done} trials failed, the others are supernets{words}"
        return f"all {ledger.done} trials failed{words}"
    return (
        f"no trial was trained to its end: of {ledger.done}, {ledger.early} were stopped early by "
        f"{ledger.config.scheduler} and {len(ledger.failures)} failed{words}; "
        "go on with more trials: raynas resume"
    )
