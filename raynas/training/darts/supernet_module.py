"""DARTS' LightningModule: a supernet whose weights and alphas learn in turn."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from raynas.nets import Supernet
from raynas.options.supernet_options import SupernetPlan
from raynas.options.training_options import Precision, TrainingOptions
from raynas.training.candidate import Candidate, Statistics, Values
from raynas.training.darts.bilevel import first_order_gradients, second_order_gradients
from raynas.training.darts.halves import HalvedData
from raynas.training.darts.perturbation import decide

Batch = tuple[Tensor, Tensor]


class SupernetModule(Candidate):
    """Trains a supernet on batches of both halves of the training split (see `halves`).

    In each step the alphas move first, by the gradient of the loss of one half; then the weights,
    by that of the other (Liu 2019, Algorithm 1, in the order of its public code). Validation data
    are looked at only. Logs what a `Candidate` logs, and train_accuracy.
    """

    def __init__(
        self,
        supernet: Supernet,
        config: SupernetPlan,
        *,
        halves: HalvedData,
        num_outputs: int,
        mean: Statistics = None,
        std: Statistics = None,
        seed: int = 0,
        precision: Precision = "32-true",
    ) -> None:
        """Wrap a supernet; `halves` is the data that it will be trained on.

        The seed decides the order in which a selection by perturbation decides.
        """
        training = TrainingOptions(
            epochs=config.all_epochs,
            batch_size=config.supernet_batch_size,
            optimizer="sgd",
            learning_rate=config.weights_learning_rate,
            momentum=config.weights_momentum,
            weight_decay=config.weights_decay,
            precision=precision,
        )
        super().__init__(supernet, training, num_outputs=num_outputs, mean=mean, std=std)
        self.automatic_optimization = False
        self.search, self._halves, self._seed = config, halves, seed
        self._hits: list[Tensor] = []
        self._let_alphas_learn(False)

    @property
    def supernet(self) -> Supernet:
        """The net."""
        return cast(Supernet, self.net)

    def training_step(self, batch: dict[str, Batch]) -> None:  # type: ignore[override]  # two halves
        """Move the alphas, then the weights, by batches as they are stored."""
        prepared = {name: (self.prepared(inputs), y) for name, (inputs, y) in batch.items()}
        counted = cast(list[Any], self.optimizers())[0]
        weights, alphas = cast(list[Optimizer], self.optimizers(use_pl_optimizer=False))
        self._move_alphas(prepared, weights, alphas)
        loss = self._loss_of_weights(prepared["weights"])
        self.manual_backward(loss)
        self._move_weights(counted, cast(LRScheduler, self.lr_schedulers()))

    def take_step(
        self,
        batch: dict[str, Batch],
        fabric: Fabric,
        optimizers: Sequence[Any],
        schedules: Sequence[LRScheduler],
    ) -> None:
        """Move the alphas, then the weights."""
        weights, alphas = (wrapped.optimizer for wrapped in optimizers)
        with fabric.autocast():
            self._move_alphas(batch, weights, alphas)
            loss = self._loss_of_weights(batch["weights"])
        fabric.backward(loss)
        self._move_weights(weights, schedules[0])
        self.pace.done += 1

    def _loss_of_weights(self, batch: Batch) -> Tensor:
        inputs, labels = batch
        with self._mixing():
            outputs = self.net(inputs)
        loss = functional.cross_entropy(outputs, labels)
        for parameter in self.supernet.weight_parameters():
            parameter.grad = None
        self._losses.append((loss.detach(), len(labels)))
        self._hits.append(outputs.detach().argmax(dim=1) == labels)
        return loss

    def _move_weights(self, optimizer: Any, schedule: LRScheduler) -> None:
        weights = self.supernet.weight_parameters()
        torch.nn.utils.clip_grad_norm_(weights, self.search.weights_clip)
        optimizer.step()
        schedule.step()

    def learned(self) -> Values:
        """Return "train_loss" and "train_accuracy" of the weights' half."""
        hits = torch.cat(self._hits).float().mean()
        self._hits.clear()
        return {**super().learned(), "train_accuracy": hits}

    def end_epoch(self) -> None:
        """After the search, select what is due."""
        epoch = self.pace.epoch + 1
        decide(self.supernet, self.search, epoch, self._seed, self._loss_on_alphas_half)

    def judge(self, inputs: Tensor, labels: Tensor) -> None:
        """Collect the outputs of one batch; of the net derived now, where training samples."""
        forced = self.supernet.forced(self.supernet.derive().picks)
        with forced if self.search.sampling else nullcontext():
            super().judge(inputs, labels)

    def configure_optimizers(self) -> Any:
        """Make SGD with a half cosine for the weights, and Adam for the alphas."""
        search = self.search
        weights = SGD(
            self.supernet.weight_parameters(),
            search.weights_learning_rate,
            momentum=search.weights_momentum,
            weight_decay=search.weights_decay,
        )
        steps = self._steps_planned()
        moving = sum(search.moves_alphas(epoch) for epoch in range(search.all_epochs))
        alphas = Adam(
            self.supernet.alpha_parameters(),
            search.alphas_rate(steps * moving // search.all_epochs),
            betas=(0.5, 0.999),
            weight_decay=search.alphas_decay,
        )
        schedule = CosineAnnealingLR(weights, steps, search.weights_last_learning_rate)
        return [weights, alphas], [schedule]

    def optimizers_and_schedules(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Return the optimisers of weights and alphas, and the schedule of the weights'."""
        made: tuple[list[Optimizer], list[LRScheduler]] = self.configure_optimizers()
        return made

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross entropy of a batch, with operations sampled anew where that is said."""
        inputs, labels = batch
        with self._mixing():
            return functional.cross_entropy(self.net(inputs), labels)

    def _steps_planned(self) -> int:
        if math.isfinite(self.pace.expected):
            return int(self.pace.expected) * self.pace.epochs
        return int(self.trainer.estimated_stepping_batches)

    def _loss_on_alphas_half(self) -> float:
        """Return the mean loss on the half that the alphas learn from, as in evaluation."""
        self.eval()
        total, count = torch.zeros(2, device=self.device).unbind()
        with torch.no_grad():
            for batch in self._halves.train_dataloader()["alphas"]:
                inputs, labels = (part.to(self.device) for part in batch)
                loss = functional.cross_entropy(self(inputs), labels, reduction="sum")
                total, count = total + loss.float(), count + len(labels)
        self.train()
        if self._halves.workers > 1:
            reduce = self.trainer.strategy.reduce
            total, count = (reduce(n, reduce_op="sum") for n in (total, count))
        return float(total / count)

    def _mixing(self) -> AbstractContextManager[None]:
        if not self.search.sampling:
            return nullcontext()
        return self.supernet.sampling(self.search.temperature(self.pace.epoch))

    def _move_alphas(self, batch: dict[str, Batch], weights: Optimizer, alphas: Optimizer) -> None:
        if not self.search.moves_alphas(self.pace.epoch):
            return
        self._let_alphas_learn(True)
        gradients = self._alpha_gradients(batch, weights)
        self._let_alphas_learn(False)
        for alpha, gradient in zip(self.supernet.alpha_parameters(), gradients, strict=True):
            alpha.grad = gradient
        beta = self.search.beta(self.pace.epoch) / len(self.supernet.alphas)
        for alpha in self.supernet.alphas.values():  # the gradient of beta * mean(logsumexp(alpha))
            alpha.grad = alpha.grad + beta * torch.softmax(alpha.detach(), dim=0)
        alphas.step()

    def _let_alphas_learn(self, learn: bool) -> None:
        """Save their gradients where nobody wants them, and keep them from DDP, which waits."""
        for alpha in self.supernet.alpha_parameters():
            alpha.requires_grad_(learn)

    def _alpha_gradients(self, batch: dict[str, Batch], weights: Optimizer) -> list[Tensor]:
        if self.search.order == 1:
            return first_order_gradients(
                self.supernet, self.loss, batch["alphas"], average=self._average
            )
        (group,) = weights.param_groups
        return second_order_gradients(
            self.supernet,
            self.loss,
            batch["weights"],
            batch["alphas"],
            learning_rate=group["lr"],
            momentum=group["momentum"],
            weight_decay=group["weight_decay"],
            velocities=[weights.state[w].get("momentum_buffer") for w in group["params"]],
            average=self._average,
        )

    def _average(self, gradients: list[Tensor]) -> list[Tensor]:
        """Average over the workers of the trial, in one message."""
        if self._halves.workers == 1:
            return gradients
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        flat = self.trainer.strategy.reduce(flat, reduce_op="mean")
        parts = flat.split([gradient.numel() for gradient in gradients])
        return [part.view_as(like) for part, like in zip(parts, gradients, strict=True)]
