"""The options of a run, as they stand in its run.yaml and behind `raynas search`."""

from typing import Any, Literal

from pydantic import Field

from raynas.options.option_model import FAR, Options
from raynas.options.strategy_options import Mode, SearchBasis
from raynas.options.training_options import Epochs

METRICS: dict[str, Mode] = {
    "val_accuracy": "max",
    "val_f1": "max",
    "val_loss": "min",
    "params": "min",
    "macs": "min",
    "latency_ms": "min",
}
"""What a search can optimise, and which way is better."""
LEARNED = ("val_accuracy", "val_f1", "val_loss")
"""Those of them that change from epoch to epoch."""

AUTO = "auto"
"""The scheduler that suits a run."""

LoggerName = Literal["tensorboard", "mlflow", "lightning-tensorboard", "lightning-mlflow"]


class Subject(Options):
    """What is searched, how, on what, and how much."""

    space: str = Field(
        "chain_cnn",
        description="Search space: a name (`raynas spaces` lists them) or your own Python file.",
    )
    strategy: str = Field(
        "evolution",
        description="How to look: random, grid, greedy, evolution, pnas, reinforce, tpe, bayesian, "
        "darts.",
    )
    data: str = Field(
        "digits",
        description="Data set: digits, synthetic, a Parquet, CSV, TSV or .npz file, a folder of "
        "these or with a folder of images a class, by path or URL, or package.module:Class, your "
        "own LightningDataModule.",
    )
    trials: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="How many architectures to evaluate (default: 30, or as many as `minutes` "
        "allow; darts: 2, a supernet and the architecture that it derives; 4 are two such pairs).",
    )
    minutes: float | None = Field(
        None,
        gt=0,
        le=FAR,
        description="Minutes after which the search ends with what it has, counted from its start "
        "and over all resumes; a trial that does not fit any more is stopped (default: no limit).",
    )


class Resources(Options):
    """What each trial gets, and who follows it."""

    cpus_per_trial: float = Field(1, gt=0, description="CPU cores for each trial.")
    gpus_per_trial: float = Field(
        0, ge=0, description="GPUs for each trial; 0.25 packs four trials on one."
    )
    logger: list[LoggerName] = Field(
        [],
        description="Also write to tensorboard (tensorboard/ in the run folder) or mlflow "
        "(mlflow.db there, or MLFLOW_TRACKING_URI), each epoch; or to lightning-tensorboard, "
        "lightning-mlflow: the steps of each training, by Lightning's loggers. Repeat it for more.",
    )


class RunOptions(Resources, SearchBasis, Epochs, Subject):
    """Everything that decides a run."""

    name: str = Field(
        "", description="Name of the run and its folder (default: space, data, strategy and time)."
    )
    storage: str = Field("runs", description="Folder or URI in which the run folder is made.")
    scheduler: str = Field(
        AUTO,
        description="What stops trials that do badly before their last epoch: none, asha, "
        "hyperband, median. auto is asha where minutes alone say how long the search is and trials "
        "learn the metric from epoch to epoch; else none: each of so many trials is trained in "
        "full.",
    )
    workers_per_trial: int = Field(
        1,
        ge=1,
        description="Workers that train each trial together, on one node or several, sharing its "
        "CPUs, GPUs (one each) and batches.",
    )
    concurrency: int | None = Field(
        None, ge=1, description="Trials at a time (default: as many as there is room for)."
    )
    trial_minutes: float | None = Field(
        None,
        gt=0,
        le=FAR,
        description="Minutes that a trial may take in its worker, a supernet's too; then it is "
        "ended and has failed (default: no limit).",
    )
    keep: int = Field(3, ge=1, description="Keep the trained weights of this many best trials.")
    options: dict[str, Any] = Field(
        {},
        description="An option of the strategy (population, …), the training (batch_size, "
        "learning_rate, …), the data (label, limit, …) or the scheduler (grace_period, …); "
        "`raynas options` lists them. Repeat it for more.",
    )

    @property
    def mode(self) -> Mode:
        """Which way the metric is better."""
        return METRICS[self.metric]
