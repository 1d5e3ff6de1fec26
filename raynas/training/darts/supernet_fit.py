"""Training a supernet, and going on with it."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from raynas.data.source import DataSource
from raynas.nets import Supernet, count_parameters
from raynas.options.supernet_options import SupernetPlan
from raynas.options.training_options import Precision
from raynas.space import LoadedSpace
from raynas.training.darts.collapse import collapse_warning, count_idle
from raynas.training.darts.halves import TwoStreams, halved
from raynas.training.darts.supernet_module import SupernetModule
from raynas.training.data_module import ArrayDataModule
from raynas.training.epoch_report import EpochReport, OnEpoch, ReportEpochs, saving, seed_epoch
from raynas.training.lean_loop import LeanLoop
from raynas.training.lightning_private import quiet_lightning
from raynas.training.step_logs import StepLog
from raynas.training.trainer import Team, lay_out, make_trainer

PREFIX = "supernet_"
"""What the names of a supernet's metrics begin with: they are not to be compared with a net's."""


def fit_supernet(
    space: LoadedSpace,
    data: DataSource,
    config: SupernetPlan,
    *,
    seed: int,
    on_epoch: OnEpoch,
    precision: Precision = "32-true",
    checkpoint: Path | None = None,
    accelerator: str = "auto",
    team: Team | None = None,
    logs: Sequence[StepLog] = (),
    name: str = "",
) -> None:
    """Train the supernet of a space, from the start or on from a checkpoint; see `fit`.

    `on_epoch` gets "epoch", "supernet_train_loss", "supernet_train_accuracy", "supernet_val_loss",
    "supernet_val_accuracy", "supernet_val_f1", "supernet_params", "alpha_entropy" (0..1, 1 is
    undecided), "skips" and "nones" (how many operations of the architecture derived now are these),
    "moved" (whether alphas moved in this epoch), "strengths" (the weight of each option, by path),
    "architecture" and "picks" (what is derived now), "train_seconds", and "warning" where there is
    one.

    Raises:
        CandidateError: the training or validation loss is not finite, or there is no batch.
        ValueError: as `check_supernet` says; the batches cannot be shared by a team.
    """
    started = time.perf_counter()
    seed_epoch(seed, 0)
    outputs = data.num_outputs
    supernet = check_supernet(space, data, config, precision)
    lay_out(supernet, data.input_shape, precision, accelerator)
    halves = halved(data, config.supernet_batch_size, seed, team)
    module = SupernetModule(
        supernet, config, halves=halves, num_outputs=outputs, mean=data.mean, std=data.std,
        seed=seed, precision=precision,
    )  # fmt: skip
    cost = {"params": count_parameters(supernet.net)}
    report = EpochReport(on_epoch, seed, cost, started, prefix=PREFIX, details=_Details(module))
    if isinstance(halves.module, ArrayDataModule) and not team and not logs:
        with quiet_lightning():
            loop = LeanLoop(module, halves.module.data, precision, accelerator)
        train = TwoStreams(halves.train_dataloader())
        loop.fit(train, halves.module.val_dataloader(), report, checkpoint)
        return
    with quiet_lightning():
        trainer = make_trainer(
            module.config,
            accelerator=accelerator,
            callbacks=[ReportEpochs(report)],
            team=team,
            loggers=[log.open(name, module.config, "supernet") for log in logs],
        )
        trainer.fit(
            module,
            datamodule=halves,
            ckpt_path=None if checkpoint is None else str(checkpoint),
        )
        report.report_again(saving(trainer))


def check_supernet(
    space: LoadedSpace, data: DataSource, config: SupernetPlan, precision: Precision = "32-true"
) -> Supernet:
    """Build the supernet of a space for the data.

    Raises:
        ValueError: the space cannot be relaxed, or not be built for the data; the precision is
            "16-mixed", whose scaled gradients alphas cannot learn from.
    """
    if precision == "16-mixed":
        raise ValueError("precision: a supernet trains with 32-true or bf16-mixed, got '16-mixed'")
    part = config.channels_part
    return Supernet(space, data.input_shape, data.num_outputs, channels_part=part)


class _Details:
    """What a supernet's epoch has to tell besides the metrics."""

    def __init__(self, module: SupernetModule) -> None:
        self._module = module

    def __call__(self, epoch: int, curve: list[dict[str, Any]]) -> dict[str, Any]:
        """Look at the alphas after an epoch (from 1); `curve` has the epochs before it."""
        supernet, search = self._module.supernet, self._module.search
        strengths = supernet.strengths()
        architecture = supernet.derive(strengths)
        now = {
            "epoch": epoch,
            "alpha_entropy": _entropy(strengths),
            **count_idle(architecture.value),
            "moved": search.moves_alphas(epoch - 1),
            "strengths": strengths,
            "architecture": architecture.value,
            "picks": architecture.picks,
        }
        warning = collapse_warning([*curve, now])
        return now if warning is None else {**now, "warning": warning}


def _entropy(strengths: dict[str, list[float]]) -> float:
    """Return the mean entropy of the mixtures, each as a share of the largest that it can have."""
    shares = []
    for weights in strengths.values():
        total = sum(weights)
        logs = [w / total * math.log(w / total) for w in weights if w > 0]
        shares.append(-sum(logs) / math.log(max(2, len(weights))))
    return sum(shares) / len(shares)
