"""What a run is made of: one checked model behind the command line, run.yaml and Python."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from raynas.options.data_options import DataOptions
from raynas.options.option_model import Options, one_of
from raynas.options.run_options import AUTO, LEARNED, METRICS, RunOptions
from raynas.options.scheduler_options import SCHEDULERS, Graceful, SchedulerOptions
from raynas.options.strategy_options import StrategyOptions
from raynas.options.supernet_options import SupernetOptions
from raynas.options.training_options import TrainingOptions, check_shares
from raynas.space import LoadedSpace
from raynas.strategies import STRATEGIES, Strategy

PAIR = 2
"""Trials of a supernet and the architecture that it derives; a run has one pair unless told."""
TRIALS = 30
"""Trials of a run of which nobody says how long it is to be."""
LONGEST_NAME = 200

Part = TypeVar("Part", bound=Options)


class RunConfig(RunOptions):
    """The options of a run, checked against what exists; `make_config` makes it."""

    @property
    def space_name(self) -> str:
        """The space's name, without the folder and suffix of its file."""
        return _stem(self.space)

    @property
    def legal_options(self) -> dict[str, str]:
        """What `options` may hold for this run, each with whose it is."""
        strategy = STRATEGIES[self.strategy].options_type
        return {
            **dict.fromkeys(strategy.own_fields(), f"strategy {self.strategy}"),
            **dict.fromkeys(TrainingOptions.own_fields(), "training"),
            **dict.fromkeys(DataOptions.model_fields, "data"),
            **dict.fromkeys(SCHEDULERS[self.scheduler].model_fields, f"scheduler {self.scheduler}"),
        }

    @cached_property
    def training(self) -> TrainingOptions:
        """How each candidate is trained."""
        return self._part(TrainingOptions, epochs=self.epochs)

    @cached_property
    def data_options(self) -> DataOptions:
        """How the data set is read and split."""
        return self._part(DataOptions)

    @cached_property
    def scheduler_options(self) -> SchedulerOptions:
        """How the scheduler decides."""
        return self._part(SCHEDULERS[self.scheduler])

    @cached_property
    def strategy_options(self) -> StrategyOptions:
        """How the strategy looks."""
        return self._part(
            STRATEGIES[self.strategy].options_type,
            metric=self.metric,
            mode=self.mode,
            seed=self.seed,
            deduplicate=self.deduplicate,
        )

    def _part(self, model: type[Part], **shared: Any) -> Part:
        values = {name: v for name, v in self.options.items() if name in model.model_fields}
        return model.checked({**values, **shared})

    def read_options(self) -> dict[str, Any]:
        """Return every option of every part, those that are not given as well."""
        parts = (self.strategy_options, self.training, self.data_options, self.scheduler_options)
        return {name: value for part in parts for name, value in part.model_dump().items()}

    def make_strategy(self, space: LoadedSpace) -> Strategy:
        """Build the strategy, with no history yet."""
        return STRATEGIES[self.strategy](space.space, **self.strategy_options.model_dump())

    @property
    def to_be_sized(self) -> tuple[str, ...]:
        """The options that nobody has set and that wait for how many trials the minutes allow."""
        if self.trials is not None or self.minutes is None:
            return ()
        suited = STRATEGIES[self.strategy].suited_options(TRIALS)
        return tuple(name for name in suited if name not in self.options)

    def sized(self, names: Iterable[str], trials: int) -> "RunConfig":
        """Return the same with these options as they suit so many trials."""
        suited = STRATEGIES[self.strategy].suited_options(trials)
        changes = {name: suited[name] for name in names if name in suited}
        return make_config(**{**self.model_dump(), "options": {**self.options, **changes}})

    def resolved(self) -> "RunConfig":
        """Return the same with every default spelt out, the name too."""
        kind = STRATEGIES[self.strategy]
        trials = self.trials
        if trials is None and self.minutes is None:
            trials = PAIR if kind.trains_supernets else TRIALS
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        made_up = f"{self.space_name}-{_stem(self.data)}-{self.strategy}-{stamp}"
        suited = {**kind.suited_options(trials or TRIALS), **self.options}
        values = {**self.model_dump(), "name": self.name or made_up, "trials": trials}
        every = RunConfig(**{**values, "options": suited}).read_options()
        options = {name: every[name] for name in self.legal_options}
        return make_config(**{**values, "options": options})


def make_config(**values: Any) -> RunConfig:
    """Make the config of a run.

    Raises:
        ValueError: an option is unknown or its value not legal, or some do not go together; the
            line says what is legal.
    """
    plain = RunOptions.checked(values)
    one_of("strategy", plain.strategy, STRATEGIES)
    one_of("metric", plain.metric, METRICS)
    one_of("scheduler", plain.scheduler, (*SCHEDULERS, AUTO))
    if plain.scheduler == AUTO:
        values["scheduler"] = _suited_scheduler(plain)
    config = RunConfig(**values)
    for option in config.options:
        _check_whose(option, config)
        one_of("option", option, config.legal_options)
    read = config.read_options()
    _check_together(config)
    return RunConfig(**{**values, "options": {name: read[name] for name in config.options}})


def _check_whose(option: str, config: RunConfig) -> None:
    """Check that an option is not one of other strategies or schedulers alone."""
    strategies = {name: kind.options_type.own_fields() for name, kind in STRATEGIES.items()}
    schedulers = {name: kind.model_fields for name, kind in SCHEDULERS.items()}
    for what, chosen, models in (
        ("strategy", config.strategy, strategies),
        ("scheduler", config.scheduler, schedulers),
    ):
        owners = [name for name, fields in models.items() if option in fields]
        if owners and option not in config.legal_options:
            raise ValueError(
                f"{option}: an option of {what} {' or '.join(owners)}; "
                f"this run's {what} is {chosen}"
            )


def _suited_scheduler(options: RunOptions) -> str:
    """Choose for a run that is told nothing.

    Of minutes, what is not spent on a bad trial is spent on others; so many trials are so many.
    """
    by_the_clock = options.minutes is not None and options.trials is None
    learned = options.metric in LEARNED and options.epochs > 1
    supernets = STRATEGIES[options.strategy].trains_supernets
    return "asha" if by_the_clock and learned and not supernets else "none"


def _check_together(config: RunConfig) -> None:
    """Check what does not stand in one option alone."""
    check_name(config.name)
    workers = config.workers_per_trial
    if workers > 1 and config.gpus_per_trial not in (0, workers):
        raise ValueError(
            f"gpus_per_trial: expected 0 or {workers}, one for each worker of a trial, got "
            f"{config.gpus_per_trial:g}"
        )
    check_shares(config.training.batch_size, workers)
    if isinstance(config.strategy_options, SupernetOptions):
        size = config.strategy_options.supernet_batch_size
        check_shares(size, workers, "supernet_batch_size")
    if STRATEGIES[config.strategy].trains_supernets:
        _check_pairs(config)
    if config.scheduler != "none":
        _check_scheduler(config)


def check_name(name: str) -> None:
    """Check that a run's name is that of a folder, in the storage and not elsewhere.

    Raises:
        ValueError: it is not.
    """
    if "/" in name or name in (".", "..") or not name.isprintable():
        raise ValueError(
            f"name: expected a plain name without '/', got {name[:LONGEST_NAME]!r}; "
            "the folder it goes into is storage"
        )
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(
            f"name: expected at most {LONGEST_NAME} bytes, got {len(name.encode())}: {name[:50]}…"
        )


def _check_pairs(config: RunConfig) -> None:
    """Check what goes with trials in pairs: a supernet, and the architecture it derives."""
    if config.trials is not None and config.trials < PAIR:
        raise ValueError(
            f"trials: {config.strategy} needs at least {PAIR}, a supernet and the architecture "
            f"that it derives, got {config.trials}"
        )
    if config.scheduler != "none":
        raise ValueError(
            f"scheduler: expected none with {config.strategy}, which trains only what its "
            f"supernets derive, got {config.scheduler!r}"
        )


def _check_scheduler(config: RunConfig) -> None:
    """Check that the metric is one that trials learn, and that there are epochs to stop before."""
    options = config.scheduler_options
    if isinstance(options, Graceful) and options.grace_period > config.epochs:
        raise ValueError(
            f"grace_period: expected at most the epochs of a trial, {config.epochs}, got "
            f"{options.grace_period}"
        )
    if config.metric not in LEARNED:
        raise ValueError(
            f"scheduler: {config.scheduler} compares what trials learn from epoch to epoch; "
            f"expected one of {', '.join(LEARNED)} as the metric, got {config.metric!r}"
        )


def _stem(name: str) -> str:
    """Shorten a path, URL or class to what names it."""
    return (
        name.rstrip("/")
        .rpartition("/")[2]
        .rpartition(":")[2]
        .removesuffix(".py")
        .removesuffix(".parquet")
    )
