"""Full training of an architecture that a search has found.

A retraining is a run of its own, in `retrained/NAME/` of the search's folder, whose space is that
one architecture and whose trials are seeds. So it is resumed, watched and opened like any run.
"""

from collections.abc import Mapping
from pprint import pformat
from typing import Any

from raynas.engine.prepared_run import View
from raynas.engine.run_search import resume_run, run_search
from raynas.options.command_options import ResumeCall, RetrainCall
from raynas.options.training_options import TrainingOptions, training_record
from raynas.runs.found_network import Origin
from raynas.runs.integrity.signature import read_code
from raynas.runs.ranking import ranked_trial
from raynas.runs.run_config import RunConfig, check_name, make_config
from raynas.runs.run_file import RUN_FILE, read_run_config
from raynas.runs.run_folder import RunFolder, open_run
from raynas.runs.storage import Folder
from raynas.runs.trial import Trial
from raynas.runs.user_code import install_modules
from raynas.space import load_space_source

RETRAINED = "retrained"
LONGER = 10
"""A retraining has so many times the epochs of the search, unless told."""


def retrain_run(path: str, call: RetrainCall, view: View | None = None) -> RunFolder:
    """Train an architecture that a run has found in full, or go on with doing so.

    It trains on the training split, as the search did; validation is reported each epoch, and each
    seed's last weights are tested once, at its end. The options that are given win over the
    search's and the architecture's own.

    Raises:
        ValueError: no such run or rank; an option is not of the training; `name` exists and has
            been trained otherwise.
        RunFailed: every seed failed.
    """
    parent = open_run(path)
    trial = ranked_trial(parent, call.rank)
    _check(call.options)
    if call.name:
        check_name(call.name)
    folder = parent.folder / RETRAINED / (call.name or f"trial-{trial.number:05d}")
    if folder.exists(RUN_FILE):
        _check_same(folder, trial, call)
        again = ResumeCall(trials=call.seeds, trust=call.trust, address=call.address)
        return resume_run(folder.uri, again, view)
    value = _with_options(trial.architecture.value, call)
    config = _config(parent, folder, call)
    code = read_code(parent.folder, trust=call.trust)
    install_modules(code.modules)
    return run_search(
        config,
        view,
        call.address,
        space=load_space_source(_only(value, code.source), config.space_name),
        origin=_origin(parent, trial),
    )


def retrainings(run: RunFolder, number: int) -> list[RunFolder]:
    """Return the retrainings of a trial that have a network, the best by the metric first."""
    folders = []
    for info in (run.folder / RETRAINED).list():
        folder = run.folder / RETRAINED / info.base_name
        if folder.exists(RUN_FILE):
            one = open_run(folder.uri)
            origin, best = one.origin(), one.best()
            if origin and best and origin.number == number:
                folders.append((best.metrics[run.config.metric], one))
    return [
        one
        for _, one in sorted(folders, key=lambda pair: pair[0], reverse=run.config.mode == "max")
    ]


def _check(options: Mapping[str, Any]) -> None:
    legal = TrainingOptions.own_fields()
    for option in options:
        if option not in legal:
            raise ValueError(
                f"option {option!r} is not one of the training; expected some of {', '.join(legal)}"
            )


def _check_same(folder: Folder, trial: Trial, call: RetrainCall) -> None:
    """Refuse to go on with a retraining of something else."""
    known = read_run_config(folder)
    wanted: dict[str, Any] = {**call.options, "trial": trial.number}
    for name, value in (("epochs", call.epochs), ("logger", call.logger)):
        if value is not None:
            wanted[name] = value
    origin = RunFolder(folder, known).origin()
    has = {
        **known.training.model_dump(),
        "logger": known.logger,
        "trial": origin.number if origin else None,
    }
    for option, value in wanted.items():
        if has[option] != value:
            raise ValueError(
                f"{folder.uri} is a retraining with {option} {has[option]}, not {value}; choose "
                "another --name for this one, or delete that folder"
            )


def _with_options(value: Any, call: RetrainCall) -> Any:
    """Let options win over the architecture's own `training` record, where it has one."""
    record = training_record(value)
    if not isinstance(record, Mapping):
        return value
    options = {**call.options, **({} if call.epochs is None else {"epochs": call.epochs})}
    return {
        **value,
        "training": {name: options.get(name, default) for name, default in record.items()},
    }


def _config(parent: RunFolder, folder: Folder, call: RetrainCall) -> RunConfig:
    searched = read_run_config(parent.folder)
    legal = searched.legal_options
    shared = {n: v for n, v in searched.options.items() if legal[n] in ("training", "data")}
    options = call.model_dump(include={"cpus_per_trial", "gpus_per_trial", "logger"})
    seeds = call.seeds or 1
    values = {
        **searched.model_dump(),
        **{name: value for name, value in options.items() if value is not None},
        "strategy": "random",
        "deduplicate": "exact",
        "scheduler": "none",
        "trials": seeds,
        "minutes": None,
        "keep": seeds,
        "epochs": call.epochs or LONGER * searched.epochs,
        "name": folder.name,
        "storage": (parent.folder / RETRAINED).uri,
        "options": {**shared, **call.options, "duplicates": True},
    }
    return make_config(**values)


def _only(value: Any, source: str) -> str:
    """Return a space file's text whose space is one architecture."""
    return (
        f"{source.rstrip()}\n\n\ndef space(pick):  # the one architecture that is trained here\n"
        f"    return {pformat(value, indent=4, sort_dicts=False)}\n"
    )


def _origin(parent: RunFolder, trial: Trial) -> Origin:
    config = parent.config
    return Origin(
        run=config.name,
        number=trial.number,
        trials=sum(1 for _ in parent.trials()),
        strategy=config.strategy,
        picks=trial.architecture.picks,
        searched=trial.metrics,
    )
