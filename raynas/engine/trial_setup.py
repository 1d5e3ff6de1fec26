"""What all trials of a run share, and the training of one of them, whoever calls for it."""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch

from raynas.data import DataSource
from raynas.options.supernet_options import SupernetConfig
from raynas.options.training_options import TrainingConfig
from raynas.runs.storage import Folder, StoreError
from raynas.runs.user_code import install_modules
from raynas.space import Architecture, LoadedSpace, load_space_source
from raynas.training import StepLog, Team, evaluate_test, fit, read_curve
from raynas.training.darts import fit_supernet

CHECKPOINT = "last.ckpt"

Report = Callable[[dict[str, Any]], bool]
"""Takes the result of an epoch; returns whether to stop."""


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
    workers: int
    """How many train each trial together."""
    cpus: float
    gpus: float
    """What one worker has."""
    accelerator: str
    working_directory: str
    tests: bool = False
    """Whether each trial ends with a look at the test data: a retraining's do, a search's never."""

    logs: tuple[StepLog, ...] = ()
    """Where Lightning's own loggers write."""
    waits: bool = False
    """Whether an epoch begins only once a scheduler has let the trial go on after the last."""

    @property
    def threads(self) -> int:
        """How many threads a worker computes with."""
        return max(1, int(self.cpus))

    def prepare(self) -> None:
        """Get this process ready to train candidates."""
        install_modules(self.modules)
        if os.path.isdir(self.working_directory):
            os.chdir(self.working_directory)
            sys.path.insert(0, self.working_directory)  # where the user's modules may lie
        torch.set_num_threads(self.threads)


def train(
    job: Job, config: dict[str, Any], report: Report, reported: int = 0, team: Team | None = None
) -> None:
    """Train the architecture or the supernet of a trial, on from its checkpoint where there is one.

    Each epoch after the first `reported` is reported once its checkpoint is in the run folder; in
    a `team`, on rank 0.

    Raises:
        CandidateError: a loss is not finite.
        StoreError: the checkpoint cannot be read or written.
        Exception: whatever the candidate raises.
    """
    folder = job.checkpoints / config["trial_id"]
    fit_it, epochs = _training(job, config)

    def on_epoch(curve: list[dict[str, Any]], save: Callable[[Path], None]) -> bool:
        nonlocal reported
        new, reported = curve[reported:], len(curve)
        last = len(curve) >= epochs
        if team is not None and team.rank:
            save(Path())  # takes part in it; rank 0 writes
            return last
        _checkpoint(save, folder)
        return report(_result(job, new, last)) or last

    with tempfile.TemporaryDirectory() as scratch:
        fit_it(
            seed=trial_seed(job.seed, config["number"]),
            checkpoint=_fetch(folder, Path(scratch)),
            on_epoch=on_epoch,
            accelerator=job.accelerator,
            logs=() if team is not None and team.rank else job.logs,
            name=config["trial_id"],
            team=team,
        )


def reached(job: Job, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of what a trial's checkpoint has, if it has some epochs but not all."""
    _, epochs = _training(job, config)
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = _fetch(job.checkpoints / config["trial_id"], Path(scratch))
        curve = read_curve(checkpoint) if checkpoint else []
    return _result(job, curve, last=False) if 0 < len(curve) < epochs else None


def _training(job: Job, config: dict[str, Any]) -> tuple[Callable[..., None], int]:
    """Return what trains a trial, and for how many epochs."""
    value, supernet = config["architecture"], config.get("supernet")
    space = _space(job.space_source, job.space_name)
    if supernet is None:
        training = job.training.overridden_by(value)
        return partial(fit, space.build, value, job.data, training), training.epochs
    search = SupernetConfig(**supernet)
    precision = job.training.precision
    return partial(fit_supernet, space, job.data, search, precision=precision), search.all_epochs


def _result(job: Job, new: list[dict[str, Any]], last: bool) -> dict[str, Any]:
    """Return the result that tells of some epochs, whose last one counts."""
    metrics = new[-1]
    numbers = {name: value for name, value in metrics.items() if type(value) in (int, float)}
    names = [name for name in numbers if name not in ("epoch", "train_seconds")]
    if "picks" in metrics:  # a supernet's; Tune wants the metric in every result
        derived = Architecture(metrics["architecture"], metrics["picks"])
        numbers |= {job.metric: float("nan"), "derived": derived.to_json()}
    return {**numbers, "metric_names": names, "curve": new, "finished": last, "done": last}


def _fetch(folder: Folder, scratch: Path) -> Path | None:
    """Copy a trial's checkpoint here, if there is one."""
    if not folder.keep_trying(lambda: folder.exists(CHECKPOINT)):
        return None
    folder.keep_trying(lambda: folder.download(CHECKPOINT, scratch / CHECKPOINT))
    return scratch / CHECKPOINT


@lru_cache
def _space(source: str, name: str) -> LoadedSpace:
    return load_space_source(source, name)


def test_trial(job: Job, trial_id: str, value: Any) -> dict[str, float]:
    """Return "test_loss", "test_accuracy" and "test_f1" of what a trial's checkpoint holds."""
    build = _space(job.space_source, job.space_name).build
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = _fetch(job.checkpoints / trial_id, Path(scratch))
        if checkpoint is None:
            raise StoreError(f"run folder, {job.checkpoints.uri}: {trial_id} is not there")
        return evaluate_test(
            build, value, job.data, job.training, checkpoint, accelerator=job.accelerator
        )


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of the weights and batches of one trial of a run."""
    return seed * 1_000_003 + number


def _checkpoint(save: Callable[[Path], None], folder: Folder) -> None:
    """Write a trial's checkpoint in one step.

    Raises:
        StoreError: it cannot be written.
    """
    with tempfile.TemporaryDirectory() as scratch:
        local = folder.local
        written = (local or Path(scratch)) / f".{CHECKPOINT}"
        folder.keep_trying(lambda: save(written))  # is not called again once it has succeeded
        if local is not None:
            folder.keep_trying(lambda: os.replace(written, local / CHECKPOINT))
        else:
            folder.keep_trying(lambda: folder.upload(written, CHECKPOINT))
