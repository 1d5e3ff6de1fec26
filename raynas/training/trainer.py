"""Lightning's Trainer with everything off that a trial does not need, and without its chatter."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import Strategy

from raynas.options.training_options import TrainingOptions
from raynas.training.step_logs import EVERY_STEPS

_CHATTER = "pytorch_lightning.utilities.rank_zero"
"""Who tells which devices there are, gives tips and says why a training stopped."""

_KNOWN_WARNINGS = (
    r"GPU available but not used",  # the user chose the CPU
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # Lightning 2.6 with PyTorch 2.13
    r"The '\w+_dataloader' does not have many workers",  # a user's data module, on purpose
    r"The number of training batches \(\d+\) is smaller than the logging interval",
    r"You passed `Trainer\(accelerator='cpu', precision='16-mixed'\)`",  # takes bf16 instead
)


@dataclass(frozen=True)
class Team:
    """The workers that train one candidate together; this process is the one of rank `rank`."""

    workers: int
    rank: int
    strategy: Strategy
    environment: ClusterEnvironment


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silence what Lightning says at every start, and nothing else."""
    chatter = logging.getLogger(_CHATTER)
    level = chatter.level
    with warnings.catch_warnings():
        for message in _KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message)
        chatter.setLevel(logging.WARNING)
        try:
            yield
        finally:
            chatter.setLevel(level)


def make_trainer(
    config: TrainingOptions,
    *,
    accelerator: str = "auto",
    devices: int = 1,
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
        devices=devices,
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
