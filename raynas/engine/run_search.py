"""A search from start to end: check, start Ray, run trials, test the best, leave the folder."""

import contextlib
import os
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Protocol

from raynas.data import DataSource, is_user_data, load_data, located
from raynas.engine.best_network import write_best
from raynas.engine.cluster import Room, joined, worker_share
from raynas.engine.ledger import Ledger
from raynas.engine.preflight import (
    check_builds,
    check_idle,
    check_loaders,
    check_pairs,
    check_storage,
    check_strategy,
    count_validation,
)
from raynas.engine.tracking import (
    check_loggers,
    make_loggers,
    make_step_logs,
)
from raynas.engine.trial_setup import TrialSetup
from raynas.engine.tune_loop import run_trials
from raynas.report.refresh import refreshed, write_last
from raynas.runs.endings import RunFailed, interruptible
from raynas.runs.found_network import Origin
from raynas.runs.lock import Lost, locked
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import RUN_FILE, RunFile, read_run_config, read_run_file, run_file
from raynas.runs.run_folder import ORIGIN, RunFolder
from raynas.runs.storage import Folder, open_folder
from raynas.runs.user_code import MODULES, find_modules, install_modules
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
) -> RunFolder:
    """Search, and return the run with its best architecture tested.

    A retraining is a search of a `space` with one architecture; `origin` says where it is from.

    Raises:
        ValueError: something in the config or the address is wrong, or the run exists; no trial has
            started.
        RunFailed: every trial failed; the message names the first error.
    """
    asked = config.options if origin is None else {}  # a retraining asks for what its search did
    started = datetime.now(UTC)
    config = config.resolved()
    config = config.model_copy(update={"data": located(config.data)})
    space = space or load_space(config.space)
    data = load_data(config.data, options=config.data_options)
    strategy = config.make_strategy(space)
    check_pairs(config)
    check_idle(config, asked, space, data)
    check_builds(space, data, config.training)
    check_loaders(space, data, config.training)
    check_strategy(strategy, config, space, data)
    folder = open_folder(config.storage) / config.name
    if folder.exists():
        raise ValueError(
            f"run {folder.uri} exists; choose another --name, or go on with: "
            f"raynas resume {quote(folder.uri)}"
        )
    validation = count_validation(data, config.training)
    check_loggers(config, folder)
    check_storage(config.storage)
    with joined(address):
        notice = Room(config).check()
        file = run_file(config, data.fingerprint(), validation, started)
        _create(folder, config, space, file, origin)
        with locked(folder) as listeners:
            begun = _Begun(RunFolder(folder, config), config, space, data, strategy)
            return _go(begun, view, listeners, notice)


def resume_run(
    path: str, trials: int | None = None, view: View | None = None, address: str | None = None
) -> RunFolder:
    """Go on with a run, from whatever moment it ended at; `trials` extends it.

    Raises:
        ValueError: there is no run folder at `path`, the run is going on somewhere, it has more
            trials already, its data set has changed, or the address is wrong.
        RunFailed: every trial failed.
    """
    started, folder = datetime.now(UTC), open_folder(path)
    config = read_run_config(folder)
    with locked(folder, view.say if view else lambda text: None) as listeners:
        file = read_run_file(folder)
        extended = trials is not None and trials != config.trials
        if trials is not None and extended:
            config = _with_trials(RunFolder(folder, config), config, trials)
        file = file.resumed(started, **({"trials": trials} if extended else {}))
        if folder.exists(MODULES):
            install_modules(folder.read(MODULES))
        space = load_space_source(folder.read("space.py").decode(), config.space_name)
        data = load_data(config.data, options=config.data_options)
        _check_same_data(file.data_fingerprint, data, config)
        with joined(address):
            notice = Room(config).check()
            if extended or file.started:  # what was refused so far has changed nothing
                folder.write(RUN_FILE, file.to_yaml().encode())
            run, strategy = RunFolder(folder, config), config.make_strategy(space)
            begun = _Begun(run, config, space, data, strategy, resumed=True)
            return _go(begun, view, listeners, notice)


def _with_trials(run: RunFolder, config: RunConfig, trials: int) -> RunConfig:
    done = sum(1 for _ in run.trials())
    if trials < done:
        raise ValueError(
            f"trials: {run.folder.uri} has {done} already, and none is ever taken away; expected "
            f"{done} or more, got {trials}"
        )
    return make_config(**{**config.model_dump(), "trials": trials})


def _check_same_data(fingerprint: str, data: DataSource, config: RunConfig) -> None:
    if fingerprint and fingerprint != (now := data.fingerprint()):
        raise ValueError(
            f"data set {config.data!r} has changed since the run began: it was {fingerprint}, it "
            f"is {now}; results of both would not be comparable: start another run"
        )


def _create(
    folder: Folder,
    config: RunConfig,
    space: LoadedSpace,
    file: RunFile,
    origin: Origin | None,
) -> None:
    folder.make()
    if origin is not None:
        folder.write(ORIGIN, origin.to_json())
    folder.write("space.py", space.source.encode())
    names = [config.data.partition(":")[0]] if is_user_data(config.data) else []
    modules = find_modules(space.source, names, Path(space.path).parent)
    if modules:
        folder.write(MODULES, modules)
    folder.write(RUN_FILE, file.to_yaml().encode())


@dataclass(frozen=True)
class _Begun:
    """A run whose parts have been loaded and checked."""

    run: RunFolder
    config: RunConfig
    space: LoadedSpace
    data: DataSource
    strategy: Strategy
    resumed: bool = False

    def setup(self) -> TrialSetup:
        """Return what all its trials share."""
        run, config, space = self.run, self.config, self.space
        cpus, gpus = worker_share(config)
        return TrialSetup(
            space_name=space.name,
            space_source=space.source,
            modules=run.folder.read(MODULES) if run.folder.exists(MODULES) else b"",
            data=self.data,
            training=config.training,
            seed=config.seed,
            metric=config.metric,
            checkpoints=run.folder / "checkpoints",
            workers=config.workers_per_trial,
            cpus=cpus,
            gpus=gpus,
            accelerator="auto" if config.gpus_per_trial else "cpu",
            working_directory=os.getcwd(),
            tests=run.origin() is not None,
            waits=config.scheduler != "none",
            logs=make_step_logs(config, run.folder),
        )


def _go(begun: _Begun, view: View | None, listeners: list[Lost], notice: str | None) -> RunFolder:
    run, config = begun.run, begun.config
    ledger = Ledger(run.folder, config, begun.strategy)
    listeners.append(ledger.give_up)
    setup = begun.setup()
    if view:
        view.opened(run, begun.space, begun.data, begun.resumed)
        if notice:
            view.say(notice)
    else:
        for warning in begun.data.intake.warnings:
            warnings.warn(f"{config.data}: {warning}", stacklevel=3)
    with interruptible(ledger.stopped, run.end_by):
        with (
            refreshed(run, lambda: ledger.done),
            view.watch(ledger) if view else contextlib.nullcontext(),
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
            view.say("Testing the best network on the test data …")
        write_best(run, ledger.best[0], setup, begun.space)
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
