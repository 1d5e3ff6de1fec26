"""A search from start to end: check, start Ray, run trials, test the best, leave the folder."""

import contextlib
import fcntl
import logging
import os
import signal
import threading
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import ray

from raynas.runs.best import write_best
from raynas.runs.book import Book
from raynas.runs.config import RunConfig, make_config, read_config
from raynas.runs.engine import room, run_trials
from raynas.runs.errors import RunFailed
from raynas.runs.run import Run, read_run_yaml
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Job
from raynas.space import LoadedSpace, load_space, load_space_source, sample, walk
from raynas.training import DataSource, load_data

_PROBE = ".raynas-can-write"
_PRELOAD = "raynas.runs.trial"
"""What a local Ray's idle workers import at once, all together, before the first trials come."""


class View(Protocol):
    """Shows a run while it goes on."""

    def opened(self, run: Run, space: LoadedSpace, data: DataSource, resumed: bool) -> None:
        """The run is about to start."""

    def watch(self, book: Book) -> contextlib.AbstractContextManager[None]:
        """Show the book while trials run."""

    def say(self, text: str) -> None:
        """Show one line."""


def run_search(config: RunConfig, view: View | None = None) -> Run:
    """Search, and return the run with its best architecture tested.

    Raises:
        ValueError: something in the config is wrong, or the run exists; no trial has started.
        RunFailed: every trial failed; the message names the first error.
    """
    config = config.resolved()
    space = load_space(config.space)
    data = load_data(config.data, seed=config.seed, options=config.data_options)
    check_builds(space, data)
    folder = open_folder(config.storage) / config.name
    if folder.exists():
        raise ValueError(
            f"run {folder.uri} exists; choose another --name, or go on with: "
            f"raynas resume {folder.uri}"
        )
    _writable(config.storage)
    with _ray(config):
        _create(folder, config, space)
        with _lock(folder):
            return _go(folder, config, space, data, view, resumed=False)


def resume_run(path: str, trials: int | None = None, view: View | None = None) -> Run:
    """Go on with a run, from whatever moment it ended at; `trials` extends or cuts it.

    Raises:
        ValueError: there is no run folder at `path`, or the run is going on somewhere.
        RunFailed: every trial failed.
    """
    folder = open_folder(path)
    config = read_config(read_run_yaml(folder), f"{folder.uri}/run.yaml")
    with _lock(folder):
        if trials is not None and trials != config.trials:
            config = make_config(**{**config.model_dump(), "trials": trials})
            folder.write("run.yaml", config.to_yaml().encode())
        space = load_space_source(folder.read("space.py").decode(), config.space_name)
        data = load_data(config.data, seed=config.seed, options=config.data_options)
        with _ray(config):
            return _go(folder, config, space, data, view, resumed=True)


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


def _writable(storage: str) -> None:
    """Write a file where the run folder will be, and take it away again.

    Raises:
        ValueError: that is not possible.
    """
    folder = open_folder(storage)
    try:
        folder.make()
        folder.write(_PROBE, b"")
        folder.filesystem.delete_file(f"{folder.path}/{_PROBE}")
    except OSError as error:
        raise ValueError(f"storage {storage!r} cannot be written: {error}") from error


def _create(folder: Folder, config: RunConfig, space: LoadedSpace) -> None:
    folder.make()
    folder.write("run.yaml", config.to_yaml().encode())
    folder.write("space.py", space.source.encode())


def _go(
    folder: Folder,
    config: RunConfig,
    space: LoadedSpace,
    data: DataSource,
    view: View | None,
    resumed: bool,
) -> Run:
    run = Run(folder, config)
    book = Book(folder, config, config.make_strategy(space))
    job = Job(
        space_name=space.name,
        space_source=space.source,
        data=data,
        training=config.training,
        seed=config.seed,
        metric=config.metric,
        checkpoints=folder / "checkpoints",
        threads=max(1, int(config.cpus_per_trial)),
        accelerator="auto" if config.gpus_per_trial else "cpu",
        working_directory=os.getcwd(),
    )
    if view:
        view.opened(run, space, data, resumed)
    with _interruptible(book):
        with view.watch(book) if view else contextlib.nullcontext():
            run_trials(book, job)
        if book.left and book.stopped.is_set():
            run.interrupted = True
            return run
        if view and book.left:
            view.say(f"All {book.done} architectures of the space have been tried.")
        if not book.best:
            first = book.failures[0]
            raise RunFailed(
                f"all {book.done} trials failed; the first ({first.trial_id}): {first.error}"
            )
        if view:
            view.say("Testing the best network on the test data …")
        write_best(run, book.best[0], job, space)
    return run


@contextlib.contextmanager
def _ray(config: RunConfig) -> Iterator[None]:
    """Use the Ray that is there (RAY_ADDRESS, or one initialised already), else a local one."""
    started = not ray.is_initialized()
    if started:
        os.environ.setdefault("RAY_preload_python_modules", _PRELOAD)
        ray.init(
            address=os.environ.get("RAY_ADDRESS") or "local",
            include_dashboard=None if os.environ.get("RAY_ADDRESS") else False,
            logging_level=logging.ERROR,
            log_to_driver=True,
        )
    try:
        if room(config.cpus_per_trial, config.gpus_per_trial) < 1:
            has = ray.cluster_resources()  # type: ignore[no-untyped-call]  # it has no types
            raise ValueError(
                f"a trial needs {config.cpus_per_trial:g} CPUs and {config.gpus_per_trial:g} GPUs "
                f"on one node, more than any node has (all together: {has.get('CPU', 0):g} CPUs, "
                f"{has.get('GPU', 0):g} GPUs); lower --cpus-per-trial or --gpus-per-trial"
            )
        yield
    finally:
        if started:
            ray.shutdown()


@contextlib.contextmanager
def _lock(folder: Folder) -> Iterator[None]:
    """Keep a second process from working on the same local run folder."""
    if folder.local is None:
        yield
        return
    with open(folder.local / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(f"run {folder.uri} is going on in another process") from error
        yield


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
