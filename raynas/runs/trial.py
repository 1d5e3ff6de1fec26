"""A trial: a candidate or a supernet trained by Lightning inside a Ray worker that outlives it."""

import gc
import os
import platform
import queue
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch
from ray.tune import Trainable

from raynas.runs.modules import install_modules
from raynas.runs.storage import Folder
from raynas.space import Architecture, load_space_source
from raynas.training import (
    CandidateError,
    DataSource,
    SupernetConfig,
    TrainingConfig,
    evaluate_test,
    fit,
    fit_supernet,
    read_curve,
)

CHECKPOINT = "last.ckpt"


@dataclass(frozen=True)
class Job:
    """What all trials of a run share; travels once to each node through Ray's object store."""

    space_name: str
    space_source: str
    modules: bytes
    """The user's own modules that space and data import, zipped (see `find_modules`)."""
    data: DataSource
    training: TrainingConfig
    seed: int
    metric: str
    checkpoints: Folder
    threads: int
    accelerator: str
    working_directory: str
    tests: bool = False
    """Whether each trial ends with a look at the test data: a retraining's do, a search's never."""
    waits: bool = False
    """Whether an epoch begins only once a scheduler has let the trial go on after the last."""


class CandidateTrial(Trainable):
    """Trains `config["architecture"]`; each step is one epoch, and the worker is used again.

    Where there is a `config["supernet"]`, that is what is trained, and it says what it derived.

    Training runs in a thread that hands over the metrics of each epoch, with the checkpoint already
    written, and goes on without waiting for the driver, unless a scheduler is to decide that: then
    no epoch is trained, and no checkpoint written, that it does not want. A candidate that fails
    ends with a result that has an "error", so that the worker stays warm.
    """

    def setup(self, config: dict[str, Any], job: Job) -> None:  # type: ignore[override]  # tune.with_parameters adds job
        """Get the worker ready once, and begin its first trial."""
        install_modules(job.modules)
        if os.path.isdir(job.working_directory):
            os.chdir(job.working_directory)
            sys.path.insert(0, job.working_directory)  # where the user's modules may lie
        torch.set_num_threads(job.threads)
        self._job = job
        self._space = load_space_source(job.space_source, job.space_name)
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another trial in this worker, once the last one has ended."""
        self._end()
        if self._thread.ident is not None:
            self._thread.join()
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch (or find out why that is not possible)."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._turns.release()
        return self._results.get()

    def cleanup(self) -> None:
        """Tell the trial to end; the worker's process ends next, so nothing waits for it."""
        self._end()

    def _end(self) -> None:
        self._stop.set()
        self._turns.release()

    def _begin(self, config: dict[str, Any]) -> None:
        self._results: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._turns = threading.Semaphore(0)
        self._thread = threading.Thread(
            target=self._train, args=(config, self._results, self._stop, self._turns), daemon=True
        )

    def _train(
        self,
        config: dict[str, Any],
        results: "queue.SimpleQueue[dict[str, Any]]",
        stop: threading.Event,
        turns: threading.Semaphore,
    ) -> None:
        job = self._job
        folder = job.checkpoints / config["trial_id"]
        started = datetime.now(UTC)
        shared = {"started_at": started.isoformat(), "node": platform.node()}

        reported = 0
        ended: list[dict[str, Any]] = []

        def report(curve: list[dict[str, Any]]) -> bool:
            nonlocal reported
            new, metrics = curve[reported:], curve[-1]
            reported = len(curve)
            last = metrics["epoch"] >= epochs
            numbers = {n: v for n, v in metrics.items() if type(v) in (int, float)}
            names = [name for name in numbers if name not in ("epoch", "train_seconds")]
            if "picks" in metrics:  # a supernet's; Tune wants the metric in every result
                derived = Architecture(metrics["architecture"], metrics["picks"])
                numbers |= {job.metric: float("nan"), "derived": derived.to_json()}
            ends = {"finished": last, "done": last}
            result = {**shared, **numbers, "metric_names": names, "curve": new, **ends}
            if last and job.tests:
                ended.append(result)
            else:
                results.put(result)
            if job.waits and not last:
                turns.acquire()
            return last or stop.is_set()

        def on_epoch(curve: list[dict[str, Any]], save: Callable[[Path], None]) -> bool:
            _checkpoint(save, folder)
            return report(curve)

        try:
            train, epochs = self._training(config)
            with tempfile.TemporaryDirectory() as scratch:
                resumed = Path(scratch) / CHECKPOINT if folder.exists(CHECKPOINT) else None
                if resumed:
                    folder.download(CHECKPOINT, resumed)
                    curve = read_curve(resumed) if job.waits else []
                    if 0 < len(curve) < epochs and report(curve):
                        return
                train(
                    seed=trial_seed(job.seed, config["number"]),
                    checkpoint=resumed,
                    on_epoch=on_epoch,
                    accelerator=job.accelerator,
                )
            for result in ended:
                test = test_trial(job, config["trial_id"], config["architecture"])
                results.put({**result, **test, "metric_names": [*result["metric_names"], *test]})
        except BaseException as error:  # a net that calls sys.exit() is a failed candidate, too
            if not isinstance(error, CandidateError):
                traceback.print_exc()
            failure = {job.metric: float("nan"), "error": _reason(error), "done": True}
            results.put({**shared, **failure})
        finally:
            if torch.cuda.is_available():
                gc.collect()
                torch.cuda.empty_cache()

    def _training(self, config: dict[str, Any]) -> tuple[Callable[..., None], int]:
        """Return what trains this trial, and for how many epochs."""
        job, value, settings = self._job, config["architecture"], config.get("supernet")
        if settings is None:
            training = job.training.overridden_by(value)
            return partial(fit, self._space.build, value, job.data, training), training.epochs
        search = SupernetConfig(**settings)
        precision = job.training.precision
        train = partial(fit_supernet, self._space, job.data, search, precision=precision)
        return train, search.all_epochs


def test_trial(job: Job, trial_id: str, value: Any) -> dict[str, float]:
    """Return "test_loss", "test_accuracy" and "test_f1" of what a trial's checkpoint holds."""
    build = load_space_source(job.space_source, job.space_name).build
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / CHECKPOINT
        (job.checkpoints / trial_id).download(CHECKPOINT, checkpoint)
        return evaluate_test(
            build, value, job.data, job.training, checkpoint, accelerator=job.accelerator
        )


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of the weights and batches of one trial of a run."""
    return seed * 1_000_003 + number


def _checkpoint(save: Callable[[Path], None], folder: Folder) -> None:
    local = folder.local
    if local is not None:
        save(local / f".{CHECKPOINT}")
        os.replace(local / f".{CHECKPOINT}", local / CHECKPOINT)
        return
    with tempfile.TemporaryDirectory() as scratch:
        save(Path(scratch) / CHECKPOINT)
        folder.upload(Path(scratch) / CHECKPOINT, CHECKPOINT)


def _reason(error: BaseException) -> str:
    """Say why a candidate failed, in one line."""
    if isinstance(error, CandidateError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:500]}"
