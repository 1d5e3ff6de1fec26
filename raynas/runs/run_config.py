"""What a run is made of: one validated model behind the command line, run.yaml and Python."""

import inspect
import os
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator

from raynas.data import BUILTIN, check_shares
from raynas.options.data_options import DataOptions
from raynas.options.run_options import LEARNED, METRICS, RunOptions, one_line, parse_options
from raynas.options.scheduler_options import SCHEDULERS, SchedulerOptions
from raynas.options.training_options import TrainingConfig
from raynas.space import LoadedSpace
from raynas.strategies import STRATEGIES, Darts, Strategy

PAIR = 2
"""Trials of a supernet and the architecture that it derives; a run has one pair unless told."""

_COMMON = ("self", "space", "metric", "mode", "seed", "deduplicate")


class RunConfig(RunOptions):
    """The options of a run, checked against what exists."""

    @model_validator(mode="after")
    def _known(self) -> "RunConfig":
        _one_of("strategy", self.strategy, STRATEGIES)
        _one_of("metric", self.metric, METRICS)
        _one_of("scheduler", self.scheduler, SCHEDULERS)
        if STRATEGIES[self.strategy].trains_supernets:
            self._check_pairs()
        if "/" in self.name or self.name in (".", ".."):
            raise ValueError(
                f"name: expected a plain name without '/', got {self.name!r}; "
                "the folder it goes into is storage"
            )
        if self.workers_per_trial > 1 and self.gpus_per_trial not in (0, self.workers_per_trial):
            raise ValueError(
                f"gpus_per_trial: expected 0 or {self.workers_per_trial}, one for each worker of a "
                f"trial, got {self.gpus_per_trial:g}"
            )
        legal = self.legal_options
        for option in self.options:
            _one_of("option", option, legal)
        strategy = STRATEGIES[self.strategy]
        annotations = {p.name: p.annotation for p in _own_parameters(strategy)}
        try:
            _ = self.data_options
            self._check_scheduler()
            check_shares(self.training.batch_size, self.workers_per_trial)
            for option, value in self.strategy_options.items():
                self.options[option] = _checked(option, value, annotations[option])
            built = strategy(lambda pick: None, metric=self.metric, **self.strategy_options)
            if isinstance(built, Darts):
                size = built.settings["batch_size"]
                check_shares(size, self.workers_per_trial, "supernet_batch_size")
        except ValidationError as error:
            raise ValueError(one_line(error)) from error
        return self

    def _check_pairs(self) -> None:
        """Check what goes with trials in pairs: a supernet, and the architecture it derives."""
        if self.trials < PAIR:
            raise ValueError(
                f"trials: {self.strategy} needs at least {PAIR}, a supernet and the architecture "
                f"that it derives, got {self.trials}"
            )
        if self.scheduler != "none":
            raise ValueError(
                f"scheduler: expected none with {self.strategy}, which trains only what its "
                f"supernets derive, got {self.scheduler!r}"
            )

    @property
    def space_name(self) -> str:
        """The space's name, without the folder and suffix of its file."""
        return _stem(self.space)

    @property
    def legal_options(self) -> dict[str, str]:
        """What `options` may hold for this strategy, each with whose it is."""
        return {
            **{
                p.name: f"strategy {self.strategy}"
                for p in _own_parameters(STRATEGIES[self.strategy])
            },
            **{name: "training" for name in TrainingConfig.model_fields if name != "epochs"},
            **dict.fromkeys(DataOptions.model_fields, "data"),
            **dict.fromkeys(SCHEDULERS[self.scheduler].model_fields, f"scheduler {self.scheduler}"),
        }

    def _options_of(self, model: type[BaseModel]) -> dict[str, Any]:
        return {name: v for name, v in self.options.items() if name in model.model_fields}

    @cached_property
    def training(self) -> TrainingConfig:
        """How each candidate is trained."""
        return TrainingConfig(epochs=self.epochs, **self._options_of(TrainingConfig))

    @cached_property
    def data_options(self) -> DataOptions:
        """How the data set is read and split."""
        return DataOptions(**self._options_of(DataOptions))

    @cached_property
    def scheduler_options(self) -> SchedulerOptions:
        """How the scheduler decides."""
        kind = SCHEDULERS[self.scheduler]
        return kind(**self._options_of(kind))

    def _check_scheduler(self) -> None:
        """Check what goes with a scheduler: a metric that trials learn, and epochs to stop before.

        Raises:
            ValueError: the metric is the same in every epoch, or each trial is given more epochs
                than there are.
        """
        grace = getattr(self.scheduler_options, "grace_period", 1)
        if self.scheduler == "none":
            return
        if grace > self.epochs:
            raise ValueError(
                f"grace_period: expected at most the epochs of a trial, {self.epochs}, got {grace}"
            )
        if self.metric not in LEARNED:
            raise ValueError(
                f"scheduler: {self.scheduler} compares what trials learn from epoch to epoch; "
                f"expected one of {', '.join(LEARNED)} as the metric, got {self.metric!r}"
            )

    @property
    def strategy_options(self) -> dict[str, Any]:
        """The options that the strategy's constructor takes."""
        own = {parameter.name for parameter in _own_parameters(STRATEGIES[self.strategy])}
        return {name: value for name, value in self.options.items() if name in own}

    def make_strategy(self, space: LoadedSpace) -> Strategy:
        """Build the strategy, with no history yet."""
        return STRATEGIES[self.strategy](
            space.space,
            metric=self.metric,
            mode=self.mode,
            seed=self.seed,
            deduplicate=self.deduplicate,
            **self.strategy_options,
        )

    def resolved(self) -> "RunConfig":
        """Return the same with every default spelt out, the name too."""
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        made_up = f"{self.space_name}-{_stem(self.data)}-{self.strategy}-{stamp}"
        data = os.path.abspath(self.data) if os.path.exists(self.data) else self.data
        pairs = STRATEGIES[self.strategy].trains_supernets
        trials = PAIR if pairs and "trials" not in self.model_fields_set else self.trials
        defaults = {
            **{p.name: p.default for p in _own_parameters(STRATEGIES[self.strategy])},
            **self.training.model_dump(exclude={"epochs"}),
            **self.data_options.model_dump(),
            **self.scheduler_options.model_dump(),
            **STRATEGIES[self.strategy].suited_options(trials),
        }
        return self.model_copy(
            update={
                "name": self.name or made_up,
                "trials": trials,
                "data": self.data if self.data in BUILTIN else data,
                "options": {**defaults, **self.options},
            }
        )

    def to_yaml(self) -> str:
        """Write it as run.yaml, with the versions of what decides the results."""
        versions = {name: version(name) for name in ("raynas", "ray", "torch", "pytorch-lightning")}
        return yaml.safe_dump({**self.model_dump(), "versions": versions}, sort_keys=False)


def read_config(text: str, where: str, **overrides: Any) -> RunConfig:
    """Read a run.yaml; `overrides` win over what it says, their `options` one by one.

    Raises:
        ValueError: it is not YAML, or a value is not legal; one line says which.
    """
    data = parse_options(text, where)
    options = {**data.pop("options"), **overrides.pop("options", {})}
    return make_config(**{**data, **overrides, "options": options})


def make_config(**values: Any) -> RunConfig:
    """Validate options; like `RunConfig(**values)`, with errors that are one line.

    Raises:
        ValueError: an option is unknown or its value not legal; the line says what is.
    """
    for name in values:
        _one_of("option", name, RunConfig.model_fields)
    try:
        return RunConfig(**values)
    except ValidationError as error:
        raise ValueError(one_line(error)) from error


def _one_of(what: str, name: str, legal: Any) -> None:
    if name not in legal:
        raise ValueError(f"unknown {what} {name!r}; expected one of {', '.join(legal)}")


def _checked(option: str, value: Any, kind: Any) -> Any:
    """Return a strategy's option as its constructor wants it."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{option}: {one_line(error)}, got {value!r}") from error


def _own_parameters(strategy: type[Strategy]) -> list[inspect.Parameter]:
    """List the constructor's parameters that a person may set."""
    parameters = inspect.signature(strategy).parameters.values()
    return [parameter for parameter in parameters if parameter.name not in _COMMON]


def _stem(name: str) -> str:
    """Shorten a path, URL or class to what names it."""
    return (
        name.rstrip("/")
        .rpartition("/")[2]
        .rpartition(":")[2]
        .removesuffix(".py")
        .removesuffix(".parquet")
    )
