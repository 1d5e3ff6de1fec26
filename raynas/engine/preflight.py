"""What is checked before Ray starts, so that what is wrong costs seconds and leaves nothing."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from raynas.data import DataSource
from raynas.engine.ledger import Ledger
from raynas.nets import build_net
from raynas.networks.network_folder import WEIGHTS
from raynas.options.supernet_options import SupernetOptions
from raynas.options.training_options import TrainingOptions, training_record
from raynas.runs.certainty import ValidationCount
from raynas.runs.endings import RunFailed
from raynas.runs.files.uris import INSTEAD, without_secrets
from raynas.runs.integrity.trial_folders import ASIDE, CHECKPOINT
from raynas.runs.run_config import PAIR, RunConfig
from raynas.runs.run_file import RunFile, read_run_file
from raynas.runs.run_folder import RunFolder
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import MINUTES, Clock, Trial
from raynas.space import Architecture, LoadedSpace, first_of, sample
from raynas.strategies import STRATEGIES, Strategy
from raynas.training import read_curve
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
        record = training_record(architecture.value)
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
    return first_of(space.space), sample(space.space, np.random.default_rng(0))


def check_pairs(config: RunConfig) -> None:
    """Check that trials that come in pairs, a supernet and what it derives, leave none over.

    Raises:
        ValueError: the last one would never be started.
    """
    if STRATEGIES[config.strategy].trains_supernets and (config.trials or 0) % PAIR:
        raise ValueError(
            f"trials: {config.strategy} takes them in pairs, a supernet and the architecture that "
            f"it derives; expected an even number, got {config.trials}"
        )


def check_no_secret(data: str) -> None:
    """Check that the name of a data set, which is written down in many places, holds no secret.

    Raises:
        ValueError: it does.
    """
    if without_secrets(data) != data:
        raise ValueError(
            f"data {without_secrets(data)!r} was given with a secret in its URI, which would stand "
            f"in run.yaml, log and report; {INSTEAD}"
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


def ended_words(run: RunFolder, trials: Sequence[Trial]) -> str | None:
    """Say what a run of these trials has, if it is finished with all that it needs; else None.

    Raises:
        RunFailed: it is, and not one of its trials could be trained.
    """
    total, done = run.config.trials, len(trials)
    if run.state(done) != "finished" or (total is not None and done > total):
        return None
    if trials and all(trial.status == "failed" for trial in trials):
        raise RunFailed(f"all {len(trials)} trials have failed; the first: {trials[0].error}")
    best = run.best()
    if best is None or best.trials != done or not (run.folder / "best").exists(WEIGHTS):
        return None
    if best.trial_id not in {trial.trial_id for trial in trials}:
        return None
    words = f"{done}{'' if total is None else f' of {total}'} {run.unit}s are done"
    more = f"--trials with more than {total}"
    if read_run_file(run.folder).ended == MINUTES:
        words += f" and its time is over ({run.config.minutes:g} min)"
        more = f"--minutes with more than {run.config.minutes:g}"
    return (
        f"Run {run.config.name} is finished: {words}; nothing was started or changed. "
        f"To go on: {more}"
    )


def check_minutes(
    folder: Folder, file: RunFile, finished: Sequence[Trial], minutes: float | None
) -> None:
    """Check that a run is to have more minutes than it has taken.

    Raises:
        ValueError: it is not.
    """
    if minutes is None or not file.started:
        return
    taken = Clock.of(finished, file.started).total / 60
    if file.ended == MINUTES:
        taken = max(taken, file.options["minutes"])
    if minutes <= taken and file.ended:
        raise ValueError(
            f"minutes: {folder.uri} has taken {taken:.3g} minutes already; expected "
            f"--minutes with more, got {minutes:g}"
        )


def check_trials(folder: Folder, done: int, trials: int | None) -> None:
    """Check that a run is to have no fewer trials than it has.

    Raises:
        ValueError: it is.
    """
    if trials is not None and trials < done:
        raise ValueError(
            f"trials: {folder.uri} has {done} already, and none is ever taken away; expected "
            f"{done} or more, got {trials}"
        )


def set_aside_broken(ledger: Ledger) -> list[str]:
    """Rename checkpoints of unfinished trials that cannot be read; say which, a line each.

    Reading one runs nothing that is in it. Their trials are trained from the start.
    """
    words = []
    for trial in ledger.waiting:
        folder = ledger.folders[trial.trial_id]
        if not folder.exists(CHECKPOINT):
            continue
        content = folder.read(CHECKPOINT)
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / CHECKPOINT
            copy.write_bytes(content)
            try:
                read_curve(copy)
            except Exception as error:
                folder.write(ASIDE, content)
                folder.delete(CHECKPOINT)
                words.append(
                    f"{folder.uri_of(CHECKPOINT)} cannot be read ({type(error).__name__}); it is "
                    f"{ASIDE} now, and trial {trial.proposal.number} is trained from the start"
                )
    return words
