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

from raynas.data import DataSource, UserData
from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.trials.user_state import Namespace, numbers_of, user_modules
from raynas.options.supernet_options import SupernetPlan
from raynas.options.training_options import TrainingOptions
from raynas.runs.files.plain_files import replace_file
from raynas.runs.integrity.trial_folders import CHECKPOINT
from raynas.runs.storage import Folder, StoreError
from raynas.runs.user_code import install_modules
from raynas.space import Architecture, LoadedSpace, load_space_source
from raynas.training import StepLog, Team, evaluate_test, fit, read_curve
from raynas.training.darts import fit_supernet

Tell = Callable[[TrialReport], bool]
"""Takes the report of an epoch; returns whether to stop."""


class WorkersLostError(Exception):
    """A worker of the trial, or its machine, is gone."""


@dataclass(frozen=True)
class TrialSetup:
    """What all trials of a run share; travels once to each node through Ray's object store."""

    space_name: str
    space_source: str
    modules: bytes
    """The user's own modules that space and data import, zipped (see `find_modules`)."""
    data: DataSource
    training: TrainingOptions
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
    stored: Any = None
    """Where it lies in Ray's object store, once for all trials; known to their workers."""

    @property
    def space(self) -> LoadedSpace:
        """The space, which each process loads once."""
        return _space(self.space_source, self.space_name)

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

    def user_state(self) -> dict[str, Namespace]:
        """Return what the user's own modules and data module keep in this process now."""
        data = self.data
        kept = {data.name: numbers_of(data.instance())} if isinstance(data, UserData) else {}
        return {**user_modules(), **kept}

    def reload_space(self) -> None:
        """Let this process load the space again when it needs it next."""
        _space.cache_clear()


def train(
    setup: TrialSetup,
    config: dict[str, Any],
    tell: Tell,
    reported: int = 0,
    team: Team | None = None,
) -> None:
    """Train the architecture or the supernet of a trial, on from its checkpoint where there is one.

    Each epoch after the first `reported` is told once its checkpoint is in the run folder; in a
    `team`, on rank 0.

    Raises:
        CandidateError: a loss is not finite.
        StoreError: the checkpoint cannot be read or written.
        Exception: whatever the candidate raises.
    """
    folder = setup.checkpoints / config["trial_id"]
    fit_it, epochs = _training(setup, config), _epochs(setup, config)

    def on_epoch(curve: list[dict[str, Any]], save: Callable[[Path], None]) -> bool:
        nonlocal reported
        new, reported = curve[reported:], len(curve)
        last = len(curve) >= epochs
        if team is not None and team.rank:
            save(Path())  # takes part in it; rank 0 writes
            return last
        _checkpoint(save, folder)
        return tell(_report(new, last)) or last

    with tempfile.TemporaryDirectory() as scratch:
        fit_it(
            seed=trial_seed(setup.seed, config["number"]),
            checkpoint=_fetch(folder, Path(scratch)),
            on_epoch=on_epoch,
            accelerator=setup.accelerator,
            logs=() if team is not None and team.rank else setup.logs,
            name=config["trial_id"],
            team=team,
        )


def reached(setup: TrialSetup, config: dict[str, Any]) -> TrialReport | None:
    """Return the report of what a trial's checkpoint has, None where it has no epoch."""
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = _fetch(setup.checkpoints / config["trial_id"], Path(scratch))
        curve = read_curve(checkpoint) if checkpoint else []
    return _report(curve, last=len(curve) >= _epochs(setup, config)) if curve else None


def _epochs(setup: TrialSetup, config: dict[str, Any]) -> int:
    """Return how many epochs a trial has."""
    supernet = config.get("supernet")
    if supernet is None:
        return setup.training.overridden_by(config["architecture"]).epochs
    return SupernetPlan(**supernet).all_epochs


def _training(setup: TrialSetup, config: dict[str, Any]) -> Callable[..., None]:
    """Return what trains a trial."""
    value, supernet = config["architecture"], config.get("supernet")
    space = setup.space
    if supernet is None:
        return partial(fit, space.build, value, setup.data, setup.training.overridden_by(value))
    plan = SupernetPlan(**supernet)
    return partial(fit_supernet, space, setup.data, plan, precision=setup.training.precision)


def _report(new: list[dict[str, Any]], last: bool) -> TrialReport:
    """Tell of some epochs, whose last one counts."""
    now = new[-1]
    numbers = {name: float(value) for name, value in now.items() if type(value) in (int, float)}
    metrics = {name: n for name, n in numbers.items() if name not in ("epoch", "train_seconds")}
    derived = Architecture(now["architecture"], now["picks"]) if "picks" in now else None
    return TrialReport(metrics, new, finished=last, derived=derived)


def _fetch(folder: Folder, scratch: Path) -> Path | None:
    """Copy a trial's checkpoint here, if there is one."""
    if not folder.keep_trying(lambda: folder.exists(CHECKPOINT)):
        return None
    folder.keep_trying(lambda: folder.download(CHECKPOINT, scratch / CHECKPOINT))
    return scratch / CHECKPOINT


@lru_cache
def _space(source: str, name: str) -> LoadedSpace:
    return load_space_source(source, name)


def test_trial(setup: TrialSetup, trial_id: str, value: Any) -> dict[str, float]:
    """Return "test_loss", "test_accuracy" and "test_f1" of what a trial's checkpoint holds."""
    build = setup.space.build
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = _fetch(setup.checkpoints / trial_id, Path(scratch))
        if checkpoint is None:
            raise StoreError(f"run folder, {setup.checkpoints.uri}: {trial_id} is not there")
        return evaluate_test(
            build, value, setup.data, setup.training, checkpoint, accelerator=setup.accelerator
        )


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of the weights and batches of one trial of a run."""
    return seed * 1_000_003 + number


def _checkpoint(save: Callable[[Path], None], folder: Folder) -> None:
    """Write a trial's checkpoint in one step.

    Raises:
        StoreError: it cannot be written.
    """
    if local := folder.local:
        folder.keep_trying(lambda: replace_file(local / CHECKPOINT, save))
        return
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / CHECKPOINT
        folder.keep_trying(lambda: save(written))  # is not called again once it has succeeded
        folder.keep_trying(lambda: folder.upload(written, CHECKPOINT))
