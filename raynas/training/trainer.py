"""Lightning's Trainer with everything off that a trial does not need, and how nets lie for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import Strategy
from torch import nn

from raynas.nets import put_channels_last
from raynas.options.training_options import Precision, TrainingOptions
from raynas.training.step_logs import EVERY_STEPS


@dataclass(frozen=True)
class Team:
    """The workers that train one candidate together; this process is the one of rank `rank`."""

    workers: int
    rank: int
    strategy: Strategy
    environment: ClusterEnvironment


def make_trainer(
    config: TrainingOptions,
    *,
    accelerator: str = "auto",
    callbacks: list[Callback] | None = None,
    team: Team | None = None,
    loggers: Sequence[Logger] = (),
) -> Trainer:
    """Make a Trainer that prints and saves nothing of its own, and logs to `loggers` only.

    It never asks the surroundings (as a batch system) for other processes: Ray places trials, and
    says who the others of a `team` are.
    """
    return Trainer(
        accelerator=accelerator,
        devices=1,
        precision=config.precision,
        max_epochs=config.epochs,
        gradient_clip_val=config.gradient_clip,
        callbacks=callbacks,
        logger=list(loggers) or False,
        log_every_n_steps=EVERY_STEPS,
        enable_checkpointing=bool(callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        strategy=team.strategy if team else "auto",
        plugins=[team.environment if team else LightningEnvironment()],
    )


def lay_out(
    net: nn.Module, input_shape: tuple[int, ...], precision: Precision, accelerator: str
) -> None:
    """Lay a net's weights out as its device likes it: channels last, but for 32 bits on a GPU."""
    on_gpu = accelerator != "cpu" and torch.accelerator.is_available()
    if not on_gpu or precision != "32-true":
        put_channels_last(net, input_shape)
