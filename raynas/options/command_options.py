"""What the commands besides the search take, from the shell and from Python."""

from typing import Any, Literal

from pydantic import Field

from raynas.options.option_model import Options, like
from raynas.options.run_options import LoggerName, RunOptions
from raynas.options.strategy_options import Deduplicate, Mode, StrategyOptions

REQUIRED: Any = ...
"""The default of a field that must be given."""


class Attended(Options):
    """How a run is worked on."""

    address: str | None = Field(
        None,
        description="The Ray cluster to join: auto (this machine's) or HOST:PORT of its head; "
        "RAY_ADDRESS says the same (default: a Ray of its own on this machine).",
    )
    progress: bool = Field(False, description="Show it while it goes on, as the command line does.")


class SearchCall(Attended, RunOptions):
    """A search."""


class SearchLikeCall(Attended):
    """A search with the options of a file; those given here win."""

    name: str = like(RunOptions, "name", default=REQUIRED)
    trials: int | None = like(RunOptions, "trials", default=None)
    minutes: float | None = like(RunOptions, "minutes", default=None)
    seed: int | None = like(RunOptions, "seed", default=None)
    storage: str | None = like(RunOptions, "storage", default=None)


class Trusting(Options):
    """What needs the code that lies in a folder."""

    trust: bool = Field(
        False,
        description="Run the code of a folder (space.py, modules.zip) that this account has not "
        "made.",
    )


class ResumeCall(Trusting, Attended):
    """Going on with a run."""

    trials: int | None = like(
        RunOptions, "trials", "Go on until there are so many trials.", default=None
    )
    minutes: float | None = like(
        RunOptions, "minutes", "Go on until it has taken so many minutes in all.", default=None
    )
    trial_minutes: float | None = like(
        RunOptions,
        "trial_minutes",
        "From now on, minutes that a trial may take; then it is ended and has failed.",
    )
    leave_out: list[int] = Field(
        [],
        description="Number of an unfinished trial to record as failed instead of going on with "
        "it, as one that hangs; repeat it for more.",
    )


class Ranked(Options):
    """One of the architectures that a search found."""

    rank: int = Field(
        1, ge=1, description="Which architecture: 1 is the best of the search, 2 the next …"
    )


class RetrainCall(Ranked, Trusting, Attended):
    """Full training of what a search found."""

    epochs: int | None = like(
        RunOptions, "epochs", "Epochs (default: ten times those of the search).", default=None
    )
    seeds: int | None = Field(
        None,
        ge=1,
        description="Train it so many times from other weights, for mean and spread (default: 1).",
    )
    name: str = like(RunOptions, "name", "Its folder in retrained/ (default: trial-NUMBER).")
    cpus_per_trial: float | None = like(
        RunOptions,
        "cpus_per_trial",
        "CPU cores for each seed (default: the search's).",
        default=None,
    )
    gpus_per_trial: float | None = like(
        RunOptions, "gpus_per_trial", "GPUs for each seed (default: the search's).", default=None
    )
    logger: list[LoggerName] | None = like(
        RunOptions,
        "logger",
        "As of search (default: the search's); repeat it for more.",
        default=None,
    )
    options: dict[str, Any] = like(
        RunOptions,
        "options",
        "An option of the training (batch_size, learning_rate, optimizer, …), in place of the "
        "search's; repeat it for more.",
        default={},
    )


class ExportCall(Ranked, Trusting):
    """A found network as a program."""

    format: Literal["pytorch", "onnx"] = Field(
        "pytorch",
        description="pytorch: a torch.export program that torch alone runs; onnx: a model that "
        "onnxruntime alone runs (needs raynas[onnx]).",
    )
    output: str = Field(
        "",
        description="Folder to write (default: exported/trial-NUMBER-FORMAT in the run folder).",
    )
    quantize: Literal["int8"] | None = Field(
        None,
        description="int8: also write the network in 8 bits, calibrated on training data (pytorch: "
        "needs raynas[int8]).",
    )


class ReportCall(Options):
    """The page that explains a run."""

    compare: list[str] = Field(
        [],
        description="Draw another run beside this one, of the same data and metric: random search, "
        "say. Repeat it for more.",
    )
    output: str = like(
        ExportCall, "output", "File to write (default: report.html in the run folder)."
    )


class ReplayCall(Options):
    """Strategies on a lookup table: no training, no Ray."""

    space: str = like(
        RunOptions, "space", "A space whose file has `key(architecture)`.", default=REQUIRED
    )
    table: str = Field(description="A Parquet file or URL: one row an architecture.")
    key: str = Field(description="The column that names the architectures.")
    signal: str = Field(description="The column to optimise.")
    strategy: str = like(RunOptions, "strategy", default=REQUIRED)
    trials: int = like(RunOptions, "trials", "Evaluations a seed.", default=REQUIRED)
    output: str = Field(description="The Parquet file to write, a row an evaluation.")
    seeds: int = Field(1, ge=1, description="How many searches: seeds 0, 1, …")
    first_seed: int = Field(0, ge=0, description="Begin with another seed than 0.")
    workers: int = Field(1, ge=1, description="Simulated parallel workers.")
    duration: str | None = Field(
        None, description="The column with the seconds of an evaluation (default: 1 each)."
    )
    missing: Literal["refuse", "fail"] = Field(
        "refuse",
        description="What an architecture is that the table does not have: refuse ends the replay, "
        "fail makes it a failed trial.",
    )
    mode: Mode = like(StrategyOptions, "mode", "Which way the signal is better.")
    deduplicate: Deduplicate = like(RunOptions, "deduplicate")
    jobs: int = Field(1, ge=1, description="Processes that share the seeds.")
    options: dict[str, Any] = like(
        RunOptions, "options", "An option of the strategy; repeat it for more.", default={}
    )
