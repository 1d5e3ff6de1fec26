"""What Lightning's Trainer does for a candidate on arrays in memory, and nothing else.

Devices and number formats are Lightning Fabric's. The numbers are the Trainer's, bit for bit on a
CPU (`tests/training/test_lean_loop.py`), and a checkpoint of the Trainer's can be gone on from.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from raynas.data import ArrayData, Batches, ShuffledBatches
from raynas.nets.cost import evaluating
from raynas.options.training_options import Precision
from raynas.training.candidate import Candidate, Values
from raynas.training.epoch_report import STATE, EpochReport
from raynas.training.feed import Batch, Feed, feed_of

SCALER = "MixedPrecision"
"""Where a checkpoint has the scale of 16-bit gradients."""


class TrainBatches(Protocol):
    """The batches to train on: `steps` each epoch."""

    steps: int

    def batches(self, feed: Feed, candidate: Candidate, epoch: int) -> Iterator[Any]:
        """Yield the batches of an epoch, from 0, as the candidate's `take_step` takes them."""


class OneStream:
    """Batches of one split."""

    def __init__(self, stored: ShuffledBatches) -> None:
        """Train on all of them."""
        self._stored, self.steps = stored, len(stored)

    def batches(self, feed: Feed, candidate: Candidate, epoch: int) -> Iterator[Batch]:
        """Yield (inputs, labels)."""
        self._stored.set_epoch(epoch)
        yield from feed.batches(self._stored, candidate)


class LeanLoop:
    """Drives one candidate on one device."""

    def __init__(
        self, candidate: Candidate, data: ArrayData, precision: Precision, accelerator: str = "auto"
    ) -> None:
        """Move the candidate to the device of an `accelerator` ("auto", "cpu", "gpu")."""
        self._fabric = Fabric(
            accelerator=accelerator,
            devices=1,
            precision=precision,
            plugins=[LightningEnvironment()],
        )
        self._candidate = candidate.to(self._fabric.device)
        self._feed = feed_of(data, self._fabric.device)

    def fit(
        self,
        train: TrainBatches,
        validation: Batches,
        report: EpochReport,
        checkpoint: Path | None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Train for as many epochs as the candidate's `pace` says, on from a checkpoint, if any.

        `begin` is called before the first step, when the net is on its device.
        """
        candidate, pace = self._candidate, self._candidate.pace
        pace.begin(0, 0, train.steps)
        self._optimizers, self._schedules = candidate.optimizers_and_schedules()
        self._report = report
        report.seed_next()
        first = self._load(checkpoint) if checkpoint else 0
        begin()
        wrapped = [self._fabric.setup_optimizers(one) for one in self._optimizers]
        for epoch in range(first, pace.epochs):
            pace.begin(epoch, pace.steps, train.steps)
            for number, batch in enumerate(train.batches(self._feed, candidate, epoch), 1):
                pace.last = number == train.steps
                candidate.take_step(batch, self._fabric, wrapped, self._schedules)
            values = {**self._evaluate(validation, "val"), **candidate.learned()}
            candidate.end_epoch()
            if report.add(values, self._save):
                return
            report.seed_next()
        report.report_again(self._save)

    def test(self, batches: Batches) -> dict[str, float]:
        """Return the metrics of test data."""
        return {name: float(value) for name, value in self._evaluate(batches, "test").items()}

    def _evaluate(self, batches: Batches, prefix: str) -> Values:
        candidate = self._candidate
        with evaluating(candidate), torch.inference_mode():
            with self._fabric.autocast():
                for inputs, labels in self._feed.batches(batches, candidate):
                    candidate.judge(inputs, labels)
            return candidate.judged(prefix)

    def _save(self, path: Path) -> None:
        pace = self._candidate.pace
        state = {
            "epoch": pace.epoch,
            "global_step": pace.steps,
            "state_dict": self._candidate.state_dict(),
            "optimizer_states": [one.state_dict() for one in self._optimizers],
            "lr_schedulers": [one.state_dict() for one in self._schedules],
            "callbacks": {STATE: self._report.state_dict()},
            SCALER: self._fabric.strategy.precision.state_dict(),
        }
        torch.save(state, path)

    def _load(self, checkpoint: Path) -> int:
        """Go on from a checkpoint; return how many epochs it has."""
        state = torch.load(checkpoint, map_location=self._fabric.device, weights_only=True)
        self._candidate.load_state_dict(state["state_dict"])
        for optimizer, kept in zip(self._optimizers, state["optimizer_states"], strict=True):
            optimizer.load_state_dict(kept)
        for schedule, kept in zip(self._schedules, state["lr_schedulers"], strict=True):
            schedule.load_state_dict(kept)
        if state.get(SCALER):
            self._fabric.strategy.precision.load_state_dict(state[SCALER])
        self._candidate.pace.before = state["global_step"]
        kept_report = state["callbacks"][STATE]
        self._report.load_state_dict(kept_report)
        return len(kept_report["curve"])
