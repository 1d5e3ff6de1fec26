"""What is checked before Ray starts, so that what is wrong costs seconds and leaves nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from raynas.data import DataSource
from raynas.nets import build_net
from raynas.options.supernet_options import SupernetOptions
from raynas.options.training_options import TrainingOptions
from raynas.runs.certainty import ValidationCount
from raynas.runs.run_config import PAIR, RunConfig
from raynas.runs.storage import open_folder
from raynas.space import Architecture, LoadedSpace, sample, walk
from raynas.strategies import STRATEGIES, Strategy
from raynas.training.batch_check import check_batches, count_validation_labels
from raynas.training.darts import check_supernet

_PROBE = ".raynas-can-write"
_JOB_FOLDERS = "/runtime_resources/working_dir_files/"
"""Where Ray unpacks what was submitted with a job."""


def check_builds(space: LoadedSpace, data: DataSource, training: TrainingOptions) -> None:
    """Build and run up to two nets of the space for the data; one that works is enough.

    Raises:
        ValueError: the space cannot be built for this data, or has a `training` record that is
            wrong.
    """
    shape, outputs = data.input_shape, data.num_outputs
    errors: list[BaseException] = []
    for architecture in _two_of(space):
        training.overridden_by(architecture.value)
        try:
            build_net(space.build, architecture.value, shape, outputs)
        except (Exception, SystemExit) as error:
            errors.append(error)
        else:
            return
    reason = str(errors[0]).partition("\n")[0]
    if not isinstance(errors[0], ValueError):
        reason = f"build raised {type(errors[0]).__name__}: {reason}"
    raise ValueError(f"space {space.name!r} does not fit the data: {reason}") from errors[0]


def check_loaders(space: LoadedSpace, data: DataSource, training: TrainingOptions) -> None:
    """Look at a batch of each loader, of the smaller of two sizes where the size is searched.

    Raises:
        ValueError: nothing can be learned from them.
    """
    sizes = [training.overridden_by(two.value).batch_size for two in _two_of(space)]
    check_batches(data, min(sizes))


def check_idle(
    config: RunConfig, asked: Mapping[str, Any], space: LoadedSpace, data: DataSource
) -> None:
    """Check that each option that was asked for changes something for this data set.

    One that is asked to be its default, as in the run.yaml of another run, asks for nothing.

    Raises:
        ValueError: one changes nothing, also where the space searches it.
    """
    plain = RunConfig(**{**config.model_dump(), "options": {}}).read_options()
    for name, reason in data.intake.idle.items():
        if name in asked and config.options.get(name) != plain.get(name):
            raise ValueError(f"{name}={asked[name]} changes nothing: {reason}")
    why = data.intake.idle.get("batch_size")
    for architecture in _two_of(space) if why else ():
        value = architecture.value
        record = value.get("training") if isinstance(value, Mapping) else None
        if isinstance(record, Mapping) and "batch_size" in record:
            raise ValueError(f"training/batch_size of the space changes nothing: {why}")


def count_validation(data: DataSource, training: TrainingOptions) -> ValidationCount | None:
    """Count the validation samples, and those of the most frequent class: what luck is worth.

    None where counting takes too long.

    Raises:
        ValueError: they cannot be read.
    """
    counts = count_validation_labels(data, training.batch_size)
    if counts is None:
        return None
    return ValidationCount(samples=sum(counts), largest_class=max(counts))


def _two_of(space: LoadedSpace) -> tuple[Architecture, Architecture]:
    first, _ = walk(space.space, lambda decision: 0)
    return first, sample(space.space, np.random.default_rng(0))


def check_pairs(config: RunConfig) -> None:
    """Check that trials that come in pairs, a supernet and what it derives, leave none over.

    Raises:
        ValueError: the last one would never be started.
    """
    if STRATEGIES[config.strategy].trains_supernets and config.trials % PAIR:
        raise ValueError(
            f"trials: {config.strategy} takes them in pairs, a supernet and the architecture that "
            f"it derives; expected an even number, got {config.trials}"
        )


def check_strategy(
    strategy: Strategy, config: RunConfig, space: LoadedSpace, data: DataSource
) -> None:
    """Check that the strategy can search the space, with the supernets that it wants.

    Raises:
        ValueError: it cannot.
    """
    strategy.check_space()
    if isinstance(strategy.options, SupernetOptions):
        check_supernet(space, data, strategy.options, config.training.precision)


def check_storage(storage: str) -> None:
    """Write a file where the run folder will be, and take it away again.

    Raises:
        ValueError: that is not possible, or nothing stays there.
    """
    folder = open_folder(storage)
    if _JOB_FOLDERS in folder.path:
        raise ValueError(
            f"storage {storage!r} lies in the working folder of a Ray job, which Ray deletes after "
            "it; expected a folder that all nodes see, with its full path, or a URI"
        )
    try:
        folder.make()
        folder.write(_PROBE, b"")
        folder.filesystem.delete_file(f"{folder.path}/{_PROBE}")
    except OSError as error:
        raise ValueError(f"storage {storage!r} cannot be written: {error}") from error
