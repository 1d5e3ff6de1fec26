"""A search from start to end: check, start Ray, run trials, test the best, leave the folder."""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any, Protocol

import numpy as np

from raynas.data import DataSource, is_user_data, load_data
from raynas.engine.best_network import write_best
from raynas.engine.cluster import Room, joined, worker_share
from raynas.engine.ledger import Book
from raynas.engine.refresh import refreshed, write_last
from raynas.engine.tracking import (
    check_loggers,
    make_loggers,
    make_step_logs,
    mlflow_undisturbed,
)
from raynas.engine.trial_setup import Job
from raynas.engine.tune_loop import run_trials
from raynas.options.supernet_options import SupernetConfig
from raynas.runs.errors import RunFailed
from raynas.runs.lock import Lost, locked
from raynas.runs.run_config import RunConfig, make_config, read_config
from raynas.runs.run_folder import ORIGIN, RunFolder, read_run_yaml
from raynas.runs.storage import Folder, open_folder
from raynas.runs.user_code import MODULES, find_modules, install_modules
from raynas.space import LoadedSpace, load_space, load_space_source, sample, walk
from raynas.training.darts import check_supernet

_PROBE = ".raynas-can-write"
_JOB_FOLDERS = "/runtime_resources/working_dir_files/"
"""Where Ray unpacks what was submitted with a job."""


class View(Protocol):
    """Shows a run while it goes on."""

    def opened(self, run: RunFolder, space: LoadedSpace, data: DataSource, resumed: bool) -> None:
        """The run is about to start."""

    def watch(self, book: Book) -> contextlib.AbstractContextManager[None]:
        """Show the book while trials run."""

    def say(self, text: str) -> None:
        """Show one line."""


def run_search(
    config: RunConfig,
    view: View | None = None,
    address: str | None = None,
    *,
    space: LoadedSpace | None = None,
    origin: dict[str, Any] | None = None,
) -> RunFolder:
    """Search, and return the run with its best architecture tested.

    A retraining is a search of a `space` with one architecture; `origin` says where it is from.

    Raises:
        ValueError: something in the config or the address is wrong, or the run exists; no trial has
            started.
        RunFailed: every trial failed; the message names the first error.
    """
    config = config.resolved()
    space = space or load_space(config.space)
    data = load_data(config.data, seed=config.seed, options=config.data_options)
    check_builds(space, data)
    check_strategy(config, space, data)
    folder = open_folder(config.storage) / config.name
    if folder.exists():
        raise ValueError(
            f"run {folder.uri} exists; choose another --name, or go on with: "
            f"raynas resume {quote(folder.uri)}"
        )
    check_loggers(config, folder)
    _writable(config.storage)
    with joined(address):
        notice = Room(config).check()
        _create(folder, config, space, origin)
        with locked(folder) as listeners:
            return _go(folder, config, space, data, view, listeners, notice)


def resume_run(
    path: str, trials: int | None = None, view: View | None = None, address: str | None = None
) -> RunFolder:
    """Go on with a run, from whatever moment it ended at; `trials` extends or cuts it.

    Raises:
        ValueError: there is no run folder at `path`, the run is going on somewhere, or the address
            is wrong.
        RunFailed: every trial failed.
    """
    folder = open_folder(path)
    config = read_config(read_run_yaml(folder), folder.uri_of("run.yaml"))
    with locked(folder, view.say if view else lambda text: None) as listeners:
        if trials is not None and trials != config.trials:
            config = make_config(**{**config.model_dump(), "trials": trials})
            folder.write("run.yaml", config.to_yaml().encode())
        if folder.exists(MODULES):
            install_modules(folder.read(MODULES))
        space = load_space_source(folder.read("space.py").decode(), config.space_name)
        data = load_data(config.data, seed=config.seed, options=config.data_options)
        with joined(address):
            notice = Room(config).check()
            return _go(folder, config, space, data, view, listeners, notice, resumed=True)


def check_builds(space: LoadedSpace, data: DataSource) -> None:
    """Build up to two networks of the space for the data; one that can be built is enough.

    Raises:
        ValueError: the space cannot be built for this data.
    """
    shape, outputs = data.input_shape, data.num_outputs
    first, _ = walk(space.space, lambda decision: 0)
    errors: list[BaseException] = []
    for architecture in (first, sample(space.space, np.random.default_rng(0))):
        try:
            space.build(architecture.value, shape, outputs)
        except (Exception, SystemExit) as error:
            errors.append(error)
        else:
            return
    reason = str(errors[0]).partition("\n")[0]
    if not isinstance(errors[0], ValueError):
        reason = f"build raised {type(errors[0]).__name__}: {reason}"
    raise ValueError(f"space {space.name!r} does not fit the data: {reason}") from errors[0]


def check_strategy(config: RunConfig, space: LoadedSpace, data: DataSource) -> None:
    """Check that the strategy can search the space, with the supernets that it wants.

    Raises:
        ValueError: it cannot.
    """
    strategy = config.make_strategy(space)
    strategy.check_space()
    if strategy.trains_supernets:
        proposal = strategy.ask()
        if proposal is not None and proposal.supernet is not None:
            search = SupernetConfig(**proposal.supernet)
            check_supernet(space, data, search, config.training.precision)


def _writable(storage: str) -> None:
    """Write a file where the run folder will be, and take it away again.

    Raises:
        ValueError: that is not possible, or nothing stays there.
    """
    folder = open_folder(storage)
    if _JOB_FOLDERS in folder.path:
        raise ValueError(
            f"storage {storage!r} lies in the working folder of a Ray job, which Ray deletes after "
            "it; expected a folder that all nodes see, with its full path, or a URI"
        )
    try:
        folder.make()
        folder.write(_PROBE, b"")
        folder.filesystem.delete_file(f"{folder.path}/{_PROBE}")
    except OSError as error:
        raise ValueError(f"storage {storage!r} cannot be written: {error}") from error


def _create(
    folder: Folder, config: RunConfig, space: LoadedSpace, origin: dict[str, Any] | None
) -> None:
    folder.make()
    if origin is not None:
        folder.write(ORIGIN, json.dumps(origin, indent=2).encode())
    folder.write("run.yaml", config.to_yaml().encode())
    folder.write("space.py", space.source.encode())
    names = [config.data.partition(":")[0]] if is_user_data(config.data) else []
    modules = find_modules(space.source, names, Path(space.path).parent)
    if modules:
        folder.write(MODULES, modules)


def _go(
    folder: Folder,
    config: RunConfig,
    space: LoadedSpace,
    data: DataSource,
    view: View | None,
    listeners: list[Lost],
    notice: str | None,
    resumed: bool = False,
) -> RunFolder:
    run = RunFolder(folder, config)
    book = Book(folder, config, config.make_strategy(space))
    listeners.append(book.give_up)
    cpus, gpus = worker_share(config)
    job = Job(
        space_name=space.name,
        space_source=space.source,
        modules=folder.read(MODULES) if folder.exists(MODULES) else b"",
        data=data,
        training=config.training,
        seed=config.seed,
        metric=config.metric,
        checkpoints=folder / "checkpoints",
        workers=config.workers_per_trial,
        cpus=cpus,
        gpus=gpus,
        accelerator="auto" if config.gpus_per_trial else "cpu",
        working_directory=os.getcwd(),
        tests=run.origin() is not None,
        waits=config.scheduler != "none",
        logs=make_step_logs(config, folder),
    )
    if view:
        view.opened(run, space, data, resumed)
        if notice:
            view.say(notice)
    with _interruptible(book):
        with (
            refreshed(run, lambda: book.done),
            view.watch(book) if view else contextlib.nullcontext(),
            mlflow_undisturbed(config),
        ):
            run_trials(book, job, callbacks=make_loggers(config, folder))
        if book.left and book.stopped.is_set():
            run.interrupted = True
            write_last(run, "interrupted")
            return run
        if view and book.left:
            view.say(book.strategy.EXHAUSTED.format(done=book.done))
        if not book.best:
            write_last(run, "finished")
            raise RunFailed(_nothing_completed(book))
        if view and not job.tests:
            view.say("Testing the best network on the test data …")
        write_best(run, book.best[0], job, space)
        write_last(run, "finished")
    return run


def _nothing_completed(book: Book) -> str:
    """Say why there is no best network."""
    first = book.failures[0] if book.failures else None
    words = f"; the first ({first.trial_id}): {first.error}" if first else ""
    if not book.early:
        failed = len(book.failures)
        if book.supernets:
            return f"{failed} of {book.done} trials failed, the others are supernets{words}"
        return f"all {book.done} trials failed{words}"
    return (
        f"no trial was trained to its end: of {book.done}, {book.early} were stopped early by "
        f"{book.config.scheduler} and {len(book.failures)} failed{words}; "
        "go on with more trials: raynas resume"
    )


@contextlib.contextmanager
def _interruptible(book: Book) -> Iterator[None]:
    """End the run cleanly on Ctrl-C and SIGTERM; a second Ctrl-C ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: object) -> None:
        if book.stopped.is_set():
            raise KeyboardInterrupt
        book.stopped.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
