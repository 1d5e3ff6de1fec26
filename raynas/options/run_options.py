"""The options of a run with their defaults, in the one place that command line and run.yaml share.

Light to import: what the values may be is checked in `raynas.runs.run_config`.
"""

from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

METRICS: dict[str, Literal["max", "min"]] = {
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

LoggerName = Literal["tensorboard", "mlflow", "lightning-tensorboard", "lightning-mlflow"]


class RunOptions(BaseModel):
    """Everything that decides a run; `options`: of the strategy, training, data and scheduler."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        description="Data set: digits, synthetic, a Parquet file, folder or URL, or "
        "package.module:Class, your own LightningDataModule.",
    )
    trials: int = Field(
        30,
        ge=1,
        description="How many architectures to evaluate (darts: 2, a supernet and the architecture "
        "that it derives; 4 are two such pairs).",
    )
    epochs: int = Field(
        10,
        ge=1,
        description="How many epochs to train each candidate (a supernet: --set supernet_epochs).",
    )
    seed: int = Field(
        0, ge=0, description="Decides the data split, the proposals and the initial weights."
    )
    name: str = Field(
        "", description="Name of the run and its folder (default: space, data, strategy and time)."
    )
    storage: str = Field("runs", description="Folder or URI in which the run folder is made.")
    metric: str = Field("val_accuracy", description=f"What to optimise: {', '.join(METRICS)}.")
    scheduler: str = Field(
        "none",
        description="What stops trials that do badly before their last epoch: none, asha, "
        "hyperband, median (Ray Tune's).",
    )
    cpus_per_trial: float = Field(1, gt=0, description="CPU cores for each trial.")
    gpus_per_trial: float = Field(
        0, ge=0, description="GPUs for each trial; 0.25 packs four trials on one."
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
    deduplicate: Literal["exact", "canonical"] = Field(
        "exact",
        description="What is not trained twice: an equal architecture (exact), or also a cell that "
        "computes the same function (canonical).",
    )
    keep: int = Field(3, ge=1, description="Keep the trained weights of this many best trials.")
    logger: list[LoggerName] = Field(
        [],
        description="Also write to tensorboard (tensorboard/ in the run folder) or mlflow "
        "(mlflow.db there, or MLFLOW_TRACKING_URI), each epoch, by Ray's own loggers; or to "
        "lightning-tensorboard, lightning-mlflow: the steps of each training, by Lightning's. "
        "Repeat it for more.",
    )
    options: dict[str, Any] = Field(
        {}, description="Options of the strategy, training, data and scheduler, as option=value."
    )

    @property
    def mode(self) -> Literal["max", "min"]:
        """Which way the metric is better."""
        return METRICS[self.metric]


def parse_options(text: str, where: str) -> dict[str, Any]:
    """Read the text of a run.yaml, its values not checked.

    Raises:
        ValueError: it is not YAML, or no options; one line says which.
    """
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        problem = str(error).replace("\n", " ")
        raise ValueError(f"{where} is not YAML: {problem}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected options like `trials: 30`, got {type(data).__name__}")
    data.pop("versions", None)
    options = data.get("options") or {}
    if not isinstance(options, dict):
        raise ValueError(f"{where}: options: expected some like `batch_size: 64`, got {options!r}")
    return {**data, "options": options}


def one_line(error: ValidationError) -> str:
    """Say what is wrong with the first wrong value."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {message}, got {first['input']!r}" if where else message
