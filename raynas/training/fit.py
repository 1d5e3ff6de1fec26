"""Training one candidate, going on with it, and testing it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import LearningRateMonitor
from torch import nn

from raynas.data.source import DataSource
from raynas.nets import (
    Build,
    MacCount,
    build_net,
    count_parameters,
    measure_latency,
    measure_macs,
    uncounted_warning,
)
from raynas.options.training_options import TrainingOptions, check_shares
from raynas.space import describe
from raynas.training.candidate import Candidate
from raynas.training.data_module import ArrayDataModule, data_module, divide
from raynas.training.epoch_report import (
    EpochReport,
    Metrics,
    OnEpoch,
    ReportEpochs,
    kept_random_numbers,
    saving,
    seed_epoch,
)
from raynas.training.lean_loop import LeanLoop, OneStream
from raynas.training.lengths import length_warning, read_to_the_end
from raynas.training.lightning_private import quiet_lightning
from raynas.training.optimizers import SCHEDULES
from raynas.training.step_logs import StepLog
from raynas.training.trainer import Team, lay_out, make_trainer


class LatencyProbe(Callback):
    """Adds "latency_ms" to a net's cost as its training begins, when it is on its device."""

    def __init__(self, cost: Metrics, net: nn.Module, input_shape: tuple[int, ...]) -> None:
        """Measure single samples of `input_shape`; `cost` is what every epoch reports."""
        self._cost, self._net, self._input_shape = cost, net, input_shape

    def measure(self) -> None:
        """Measure; nothing of the training changes."""
        with kept_random_numbers():
            self._cost["latency_ms"] = measure_latency(self._net, self._input_shape)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure, for Lightning's Trainer."""
        self.measure()


class _Warnings:
    """What is to be known of a candidate's numbers, with the first epoch."""

    def __init__(self, candidate: Candidate, macs: MacCount) -> None:
        self._candidate, self._macs = candidate, macs

    def __call__(self, epoch: int, curve: list[Metrics]) -> Metrics:
        if epoch > 1:
            return {}
        scheduled = SCHEDULES[self._candidate.config.schedule] is not None
        pace = self._candidate.pace
        length = length_warning(pace.steps, pace.expected) if scheduled else None
        texts = [text for text in (uncounted_warning(self._macs), length) if text]
        return {"warning": "; ".join(texts)} if texts else {}


def fit(
    build: Build,
    value: Any,
    data: DataSource,
    config: TrainingOptions,
    *,
    seed: int,
    on_epoch: OnEpoch,
    checkpoint: Path | None = None,
    accelerator: str = "auto",
    team: Team | None = None,
    logs: Sequence[StepLog] = (),
    name: str = "",
) -> None:
    """Train the net of an architecture, from the start or on from a checkpoint.

    After each epoch, `on_epoch(curve, save)` gets the metrics of each epoch so far: "epoch" (from
    1), "train_loss", "val_loss", "val_accuracy", "val_f1", "params", "macs", "latency_ms" and
    "train_seconds" (all that it has cost until then: building, training, validation and
    checkpoints); the first epoch has a "warning" where there is one (a layer that MACs leave out, a
    loader whose length is not known or wrong); `save(path)`
    writes all that is needed to go on, and returning True ends the training. The same seed gives
    the same training, and on a CPU a resumed one ends with the same bits as one that was not
    interrupted. If the checkpoint has all epochs already, the last one is reported again.

    In a `team` each worker calls this, and it calls `on_epoch` on each: all must call `save`, which
    writes on rank 0, and one that returns True ends the training for all. `batch_size` stays the
    samples of one step, of which each worker takes an equal share; each validates on all samples.

    Lightning's loggers write to `logs`, under the `name` of the training. Its Trainer drives what
    has loggers, a team or a user's data module; our own loop the rest, with the same numbers.

    Raises:
        CandidateError: the training or validation loss is not finite, or there is no batch.
        ValueError: the architecture cannot be built for the data, or overrides an unknown option;
            the batches or the user's data cannot be shared by a team.
    """
    started = time.perf_counter()
    config = config.overridden_by(value)
    candidate = make_candidate(build, value, data, config, seed=seed)
    macs = measure_macs(candidate.net, data.input_shape)
    lay_out(candidate.net, data.input_shape, config.precision, accelerator)
    cost: Metrics = {"params": count_parameters(candidate.net), "macs": macs.macs}
    workers = team.workers if team else 1
    check_shares(config.batch_size, workers)
    report = EpochReport(on_epoch, seed, cost, started, details=_Warnings(candidate, macs))
    probe = LatencyProbe(cost, candidate.net, data.input_shape)
    module = data_module(data, config.batch_size // workers, seed)
    if isinstance(module, ArrayDataModule) and not team and not logs:
        with quiet_lightning():
            loop = LeanLoop(candidate, module.data, config.precision, accelerator)
        train = OneStream(module.train_dataloader())
        loop.fit(train, module.val_dataloader(), report, checkpoint, probe.measure)
        return
    if team:
        divide(module, team.rank, team.workers)
    read_to_the_end(module)
    with quiet_lightning():
        loggers = [log.open(name, config, describe(value)) for log in logs]
        rates = [LearningRateMonitor("step")] if loggers else []
        trainer = make_trainer(
            config,
            accelerator=accelerator,
            callbacks=[probe, *rates, ReportEpochs(report)],
            team=team,
            loggers=loggers,
        )
        trainer.fit(
            candidate,
            datamodule=module,
            ckpt_path=None if checkpoint is None else str(checkpoint),
        )
        report.report_again(saving(trainer))


def evaluate_test(
    build: Build,
    value: Any,
    data: DataSource,
    config: TrainingOptions,
    checkpoint: Path,
    *,
    accelerator: str = "auto",
) -> dict[str, float]:
    """Return "test_loss", "test_accuracy" and "test_f1" of what a checkpoint holds."""
    config = config.overridden_by(value)
    candidate = load_candidate(build, value, data, config, checkpoint)
    module = data_module(data, config.batch_size, seed=0)
    with quiet_lightning():
        if isinstance(module, ArrayDataModule):
            loop = LeanLoop(candidate, module.data, config.precision, accelerator)
            return loop.test(module.test_dataloader())
        trainer = make_trainer(config, accelerator=accelerator)
        read_to_the_end(module)
        (metrics,) = trainer.test(candidate, datamodule=module, verbose=False)
    return dict(metrics)


def make_candidate(
    build: Build, value: Any, data: DataSource, config: TrainingOptions, *, seed: int = 0
) -> Candidate:
    """Build the candidate of an architecture, with the weights that the seed gives.

    Raises:
        ValueError: the architecture cannot be built for the data.
    """
    seed_epoch(seed, 0)
    net = build_net(build, value, data.input_shape, data.num_outputs)
    return Candidate(net, config, num_outputs=data.num_outputs, mean=data.mean, std=data.std)


def load_candidate(
    build: Build, value: Any, data: DataSource, config: TrainingOptions, checkpoint: Path
) -> Candidate:
    """Build the candidate of an architecture, with the weights of a checkpoint, on the CPU."""
    candidate = make_candidate(build, value, data, config)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    candidate.load_state_dict(state["state_dict"])
    return candidate
