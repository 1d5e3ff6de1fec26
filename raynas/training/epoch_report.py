"""Telling the caller of a training about each finished epoch."""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from raynas.training.candidate import CandidateError, check_batch_seen

Metrics = dict[str, Any]
"""Numbers by name; a supernet's have more JSON data (see `raynas.training.darts.supernet_fit`)."""

Save = Callable[[Path], None]
"""Writes the complete state of the training to a file."""

OnEpoch = Callable[[list[Metrics], Save], bool]
"""Takes the metrics of each epoch, the one that has just ended last; returns whether to stop."""

Details = Callable[[int, list[Metrics]], Metrics]
"""Returns what else an epoch (from 1) has to tell; takes the metrics of the epochs before it."""

REPORTED = ("train_loss", "val_loss", "val_accuracy", "val_f1")
SOMETIMES = ("train_accuracy",)
"""What is reported where a module logs it."""
STATE = "EpochReport"
"""Where a checkpoint has the curve, among the states of callbacks."""


class EpochReport:
    """Calls `on_epoch` after each epoch, seeds each epoch, and counts the seconds of training.

    What was reported is part of a checkpoint, so that a resumed training knows its whole curve.
    """

    def __init__(
        self,
        on_epoch: OnEpoch,
        seed: int,
        cost: Metrics,
        started: float,
        *,
        prefix: str = "",
        details: Details | None = None,
    ) -> None:
        """Report the metrics of each epoch, with the net's `cost` added, and `details`.

        `started` is when the clock of `time.perf_counter` says that this training began. The names
        of metrics and cost get the `prefix`.
        """
        self._on_epoch, self._seed, self._cost = on_epoch, seed, cost
        self._started, self._prefix, self._details = started, prefix, details
        self._seconds_before = 0.0
        self._reported = False
        self._curve: list[Metrics] = []

    def seed_next(self) -> None:
        """Seed the epoch after the last one, before its loader draws what it shuffles by."""
        seed_epoch(self._seed, len(self._curve) + 1)

    def add(self, values: Mapping[str, Any], save: Save) -> bool:
        """Report an epoch, whose metrics are among `values`; return whether to stop.

        Raises:
            CandidateError: a loss is not finite, or there was no batch.
        """
        epoch = len(self._curve) + 1
        check_batch_seen(values.keys() & {"val_loss"}, "validate with")
        names = [*REPORTED, *(name for name in SOMETIMES if name in values)]
        metrics = {name: float(values[name]) for name in names}
        for name, kind in (("train_loss", "training"), ("val_loss", "validation")):
            if not math.isfinite(metrics[name]):
                raise CandidateError(f"{kind} loss is {metrics[name]} in epoch {epoch}")
        named = {self._prefix + name: value for name, value in {**metrics, **self._cost}.items()}
        details = self._details(epoch, self._curve) if self._details else {}
        seconds = self._seconds_before + time.perf_counter() - self._started
        self._curve.append({"epoch": epoch, **named, **details, "train_seconds": seconds})
        self._reported = True
        return self._on_epoch(self._curve, save)

    def report_again(self, save: Save) -> None:
        """Report the last epoch of a checkpoint that left nothing to train.

        Raises:
            CandidateError: there was nothing to train on.
        """
        check_batch_seen(self._curve, "train on")
        if not self._reported:
            self._on_epoch(self._curve, save)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of this."""
        return {"curve": self._curve}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept, with the seed of the next epoch."""
        self._curve = state_dict["curve"]
        self.seed_next()
        self._seconds_before = self._curve[-1]["train_seconds"]


class ReportEpochs(Checkpoint):
    """Lets Lightning's Trainer report its epochs.

    A `Checkpoint` in its eyes: those are called last, when all metrics are there.
    """

    def __init__(self, report: EpochReport) -> None:
        """Report to `report`."""
        self._report = report

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Seed the first epoch."""
        self._report.seed_next()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report the epoch, and seed the next one."""
        stop = self._report.add(trainer.callback_metrics, saving(trainer))
        if trainer.strategy.reduce_boolean_decision(stop, all=False):
            trainer.should_stop = True
        self._report.seed_next()

    @property
    def state_key(self) -> str:
        """Say what a checkpoint keeps it under."""
        return STATE

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return self._report.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self._report.load_state_dict(state_dict)


def saving(trainer: Trainer) -> Save:
    """Return what saves the state of a Trainer."""
    return partial(trainer.save_checkpoint, weights_only=False)


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed Python, NumPy and PyTorch for an epoch, from 1; epoch 0 is the net's initialisation."""
    state = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    random.seed(state)
    np.random.seed(state)
    torch.manual_seed(state)


@contextmanager
def kept_random_numbers() -> Iterator[None]:
    """Let what is drawn within not change what is drawn after it, on the CPU."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def read_curve(checkpoint: Path) -> list[Metrics]:
    """Read from a checkpoint the metrics of each epoch until then."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    curve: list[Metrics] = state["callbacks"][STATE]["curve"]
    return curve
