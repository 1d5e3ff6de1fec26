"""A candidate: any net as a classifier that Lightning can train."""

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from raynas.nets import normalize
from raynas.options.training_options import TrainingOptions
from raynas.training.lengths import steps_expected
from raynas.training.optimizers import OPTIMIZERS, SCHEDULES
from raynas.training.pace import Pace


class CandidateError(RuntimeError):
    """This candidate cannot be trained further; the others are not concerned."""


Statistics = npt.NDArray[np.float32] | None
Values = dict[str, Tensor]
"""Metrics as they are computed: one number each, on the device."""


class Candidate(LightningModule):
    """Trains a net that maps inputs to one output a class; takes inputs as they are stored.

    Its metrics are train_loss, then val_loss, val_accuracy and val_f1 (macro) or the same of the
    test, once an epoch; for Lightning's loggers also the train_loss_step of a batch. Validation and
    test losses are plain cross entropies, without label smoothing. The normalisation is part of the
    module, so a checkpoint needs nothing else to be used.

    Driven by Lightning's Trainer or by our own loop (`raynas.training.lean_loop`), with the same
    numbers.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        net: nn.Module,
        config: TrainingOptions,
        *,
        num_outputs: int,
        mean: Statistics = None,
        std: Statistics = None,
    ) -> None:
        """Wrap `net`; `mean` and `std` have a number a channel or feature, None changes nothing."""
        super().__init__()
        self.net = net
        self.config = config
        self.num_outputs = num_outputs
        self.register_buffer("mean", torch.tensor(0.0 if mean is None else mean.tolist()))
        self.register_buffer("std", torch.tensor(1.0 if std is None else std.tolist()))
        self.pace = Pace(config.epochs)
        self._losses: list[tuple[Tensor, int]] = []
        self._evaluated: list[tuple[Tensor, Tensor]] = []

    def prepared(self, inputs: Tensor) -> Tensor:
        """Return stored inputs as the net takes them: normalised."""
        return normalize(inputs, self.mean, self.std)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs (logits), shape (batch, classes), of raw inputs."""
        outputs: Tensor = self.net(self.prepared(inputs))
        return outputs

    def learn(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, whose inputs are prepared."""
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(self.net(inputs), labels, label_smoothing=smoothing)
        self._losses.append((loss.detach(), len(labels)))
        return loss

    def judge(self, inputs: Tensor, labels: Tensor) -> None:
        """Collect the outputs of one batch, whose inputs are prepared."""
        self._evaluated.append((self.net(inputs).float(), labels))

    def learned(self) -> Values:
        """Return "train_loss", the mean over the samples that were learned from, and forget them.

        Raises:
            CandidateError: there was no batch.
        """
        check_batch_seen(self._losses, "train on")
        losses, sizes = zip(*self._losses, strict=True)
        self._losses.clear()
        weights = torch.tensor(sizes, dtype=torch.float32, device=self.device)
        return {"train_loss": torch.stack(losses).float() @ weights / weights.sum()}

    def judged(self, prefix: str) -> Values:
        """Return the metrics of what was judged, their names after "val" or "test"; forget it.

        Raises:
            CandidateError: there was no batch.
        """
        check_batch_seen(self._evaluated, "validate with" if prefix == "val" else "test with")
        outputs, labels = (torch.cat(part) for part in zip(*self._evaluated, strict=True))
        self._evaluated.clear()
        answers = (outputs.argmax(dim=1), labels, self.num_outputs)
        return {
            f"{prefix}_loss": functional.cross_entropy(outputs, labels),
            f"{prefix}_accuracy": multiclass_accuracy(
                *answers, average="micro", validate_args=False
            ),
            f"{prefix}_f1": multiclass_f1_score(*answers, average="macro", validate_args=False),
        }

    def end_epoch(self) -> None:
        """Do what is due after an epoch and its validation: nothing."""

    def configure_optimizers(self) -> Any:
        """Make the optimiser, and the schedule of its learning rate, which moves each step."""
        optimizer = OPTIMIZERS[self.config.optimizer](self.net.parameters(), self.config)
        schedule = SCHEDULES[self.config.schedule]
        if schedule is None:
            return optimizer
        scheduler = {"scheduler": schedule(optimizer, self.pace.progress), "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def optimizers_and_schedules(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Return what `configure_optimizers` makes, as lists."""
        made = self.configure_optimizers()
        if isinstance(made, Optimizer):
            return [made], []
        return [made["optimizer"]], [made["lr_scheduler"]["scheduler"]]

    def take_step(
        self,
        batch: Any,
        fabric: Fabric,
        optimizers: Sequence[Any],
        schedules: Sequence[LRScheduler],
    ) -> None:
        """Learn from one batch, whose inputs are prepared; Fabric wraps the optimisers."""
        (optimizer,) = optimizers
        with fabric.autocast():
            loss = self.learn(*batch)
        for group in optimizer.optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = None  # as zero_grad(), which takes longer than a small layer
        fabric.backward(loss)
        if self.config.gradient_clip is not None:
            limit = self.config.gradient_clip
            fabric.clip_gradients(self, optimizer, max_norm=limit, error_if_nonfinite=False)
        optimizer.step()
        self.pace.done += 1
        for schedule in schedules:
            schedule.step()

    # What follows is called by Lightning's Trainer alone.

    def on_train_epoch_start(self) -> None:
        """Begin to count the epoch's steps."""
        trainer = self.trainer
        self.pace.begin(trainer.current_epoch, trainer.global_step, steps_expected(trainer))

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of one batch as it is stored."""
        inputs, labels = batch
        loss = self.learn(self.prepared(inputs), labels)
        if self.loggers:
            self.log("train_loss_step", loss.detach())
        return loss

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Move the learning rate by the step that has just been done."""
        self.pace.done = self.trainer.global_step - self.pace.before
        self.pace.last = self.trainer.is_last_batch
        scheduler.step()

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Collect the outputs of one batch as it is stored."""
        inputs, labels = batch
        self.judge(self.prepared(inputs), labels)

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the validation split."""
        self.log_dict(self.judged("val"))

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the test split."""
        self.log_dict(self.judged("test"))

    def on_train_epoch_end(self) -> None:
        """Log the mean training loss of the epoch."""
        self.log_dict(self.learned(), sync_dist=True)
        self.pace.done = self.trainer.global_step - self.pace.before
        self.end_epoch()


def check_batch_seen(batches: Sized, use: str) -> None:
    """Check that there was one to `use`.

    Raises:
        CandidateError: there was none.
    """
    if not batches:
        raise CandidateError(
            f"there is no batch to {use}: the batch size may be more than the samples"
        )
