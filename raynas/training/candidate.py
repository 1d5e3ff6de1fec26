"""A candidate: any net as a classifier that Lightning can train."""

from collections.abc import Sized
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from raynas.nets import normalize
from raynas.options.training_options import TrainingOptions
from raynas.training.lengths import steps_expected
from raynas.training.optimizers import OPTIMIZERS, SCHEDULES


class CandidateError(RuntimeError):
    """This candidate cannot be trained further; the others are not concerned."""


Statistics = npt.NDArray[np.float32] | None


class Candidate(LightningModule):
    """Trains a net that maps inputs to one output a class; takes inputs as they are stored.

    Logs train_loss, then val_loss, val_accuracy and val_f1 (macro) or the same of the test, once an
    epoch; for Lightning's loggers also the train_loss_step of a batch. Validation and test losses
    are plain cross entropies, without label smoothing. The normalisation is part of the module, so
    a checkpoint needs nothing else to be used.
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
        self._steps_before = 0
        self._losses: list[tuple[Tensor, int]] = []
        self._evaluated: list[tuple[Tensor, Tensor]] = []

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs (logits), shape (batch, classes), of raw inputs."""
        outputs: Tensor = self.net(normalize(inputs, self.mean, self.std))
        return outputs

    def on_train_epoch_start(self) -> None:
        """Note how many steps the epochs before had."""
        self._steps_before = self.trainer.global_step

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of one batch."""
        inputs, labels = batch
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(self(inputs), labels, label_smoothing=smoothing)
        self._losses.append((loss.detach(), len(labels)))
        if self.loggers:
            self.log("train_loss_step", loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Log the mean training loss of the epoch.

        Raises:
            CandidateError: there was no batch.
        """
        check_batch_seen(self._losses, "train on")
        losses, sizes = zip(*self._losses, strict=True)
        self._losses.clear()
        weights = torch.tensor(sizes, dtype=torch.float32, device=self.device)
        loss = torch.stack(losses).float() @ weights / weights.sum()
        self.log("train_loss", loss, sync_dist=True)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Collect the outputs of one batch."""
        self._evaluate(batch)

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the validation split."""
        self._log_metrics("val")

    def test_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Collect the outputs of one batch."""
        self._evaluate(batch)

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the test split."""
        self._log_metrics("test")

    def configure_optimizers(self) -> Any:
        """Make the optimiser, and the schedule of its learning rate, which moves each step."""
        optimizer = OPTIMIZERS[self.config.optimizer](self.net.parameters(), self.config)
        schedule = SCHEDULES[self.config.schedule]
        if schedule is None:
            return optimizer
        scheduler = {"scheduler": schedule(optimizer, self.progress), "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def progress(self) -> float:
        """Return which share of the steps is done, 0 to 1.

        An epoch counts as long as those before it were on average; the first one as long as its
        loader says. Where that says nothing, the share stays 0 until the first epoch is over. With
        the last step of each epoch it is right, however many steps that had: 1 at the end, and
        never before.
        """
        trainer, epoch = self.trainer, self.trainer.current_epoch
        done = trainer.global_step - self._steps_before
        steps = self._steps_before / epoch if epoch else steps_expected(trainer)
        within = 1.0 if done and trainer.is_last_batch else min(done, max(0.0, steps - 1)) / steps
        return (epoch + within) / (trainer.max_epochs or 1)

    def _evaluate(self, batch: tuple[Tensor, Tensor]) -> None:
        inputs, labels = batch
        self._evaluated.append((self(inputs).float(), labels))

    def _log_metrics(self, prefix: str) -> None:
        check_batch_seen(self._evaluated, "validate with" if prefix == "val" else "test with")
        outputs, labels = (torch.cat(part) for part in zip(*self._evaluated, strict=True))
        self._evaluated.clear()
        answers = (outputs.argmax(dim=1), labels, self.num_outputs)
        metrics = {
            f"{prefix}_loss": functional.cross_entropy(outputs, labels),
            f"{prefix}_accuracy": multiclass_accuracy(
                *answers, average="micro", validate_args=False
            ),
            f"{prefix}_f1": multiclass_f1_score(*answers, average="macro", validate_args=False),
        }
        self.log_dict(metrics)


def check_batch_seen(batches: Sized, use: str) -> None:
    """Check that there was one to `use`.

    Raises:
        CandidateError: there was none.
    """
    if not batches:
        raise CandidateError(
            f"there is no batch to {use}: the batch size may be more than the samples"
        )
