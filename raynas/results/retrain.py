"""Full training of an architecture that a search has found.

A retraining is a run of its own, in `retrained/NAME/` of the search's folder, whose space is that
one architecture and whose trials are seeds. So it is resumed, watched and opened like any run.
"""

from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import Any

from raynas.engine.run_search import View, resume_run, run_search
from raynas.options.training_options import TrainingConfig
from raynas.runs.ranking import ranked_trial
from raynas.runs.run_config import RunConfig, make_config, read_config
from raynas.runs.run_folder import RunFolder, open_run, read_run_yaml
from raynas.runs.storage import Folder
from raynas.runs.trial import Trial
from raynas.runs.user_code import MODULES, install_modules
from raynas.space import load_space_source

RETRAINED = "retrained"
LONGER = 10
"""A retraining has so many times the epochs of the search, unless told."""


def retrain_run(
    path: str,
    *,
    rank: int = 1,
    epochs: int | None = None,
    seeds: int | None = None,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    logger: Sequence[str] | None = None,
    view: View | None = None,
    address: str | None = None,
    **resources: float | None,
) -> RunFolder:
    """Train the `rank`-th best architecture of a run in full, or go on with doing so.

    It trains on the training split, as the search did; validation is reported each epoch, and each
    seed's last weights are tested once, at its end. `options` are those of the training; they win
    over the search's and the architecture's own. `logger` are those that follow it, by default the
    search's; `resources` are cpus_per_trial, gpus_per_trial.

    Raises:
        ValueError: no such run or rank; an option is not of the training; `name` exists and has
            been trained otherwise.
        RunFailed: every seed failed.
    """
    parent = open_run(path)
    trial = ranked_trial(parent, rank)
    options = dict(options or {})
    _check(options)
    folder = parent.folder / RETRAINED / (name or f"trial-{trial.number:05d}")
    if folder.exists("run.yaml"):
        _check_same(folder, trial, epochs, options, logger)
        return resume_run(folder.uri, seeds, view, address)
    value = _with_options(trial.architecture.value, options, epochs)
    given: dict[str, Any] = {k: v for k, v in resources.items() if v is not None}
    if logger is not None:
        given["logger"] = list(logger)
    config = _config(parent, folder, seeds or 1, epochs, options, given)
    source = parent.folder.read("space.py").decode()
    if parent.folder.exists(MODULES):
        install_modules(parent.folder.read(MODULES))
    return run_search(
        config,
        view,
        address,
        space=load_space_source(_only(value, source), config.space_name),
        origin=_origin(parent, trial),
    )


def retrainings(run: RunFolder, number: int) -> list[RunFolder]:
    """Return the retrainings of a trial that have a network, the best by the metric first."""
    found = []
    for info in (run.folder / RETRAINED).list():
        folder = run.folder / RETRAINED / info.base_name
        if folder.exists("run.yaml"):
            one = open_run(folder.uri)
            origin, best = one.origin(), one.best()
            if origin and best and origin["number"] == number:
                found.append((best["metrics"][run.config.metric], one))
    return [
        one for _, one in sorted(found, key=lambda pair: pair[0], reverse=run.config.mode == "max")
    ]


def _check(options: Mapping[str, Any]) -> None:
    legal = [name for name in TrainingConfig.model_fields if name != "epochs"]
    for option in options:
        if option not in legal:
            raise ValueError(
                f"option {option!r} is not one of the training; expected some of {', '.join(legal)}"
            )


def _check_same(
    folder: Folder,
    trial: Trial,
    epochs: int | None,
    options: Mapping[str, Any],
    logger: Sequence[str] | None,
) -> None:
    """Refuse to go on with a retraining of something else."""
    known = read_config(read_run_yaml(folder), folder.uri_of("run.yaml"))
    wanted = {**options, **({} if epochs is None else {"epochs": epochs})}
    if logger is not None:
        wanted["logger"] = list(logger)
    has = {
        **known.training.model_dump(),
        "logger": known.logger,
        "trial": (RunFolder(folder, known).origin() or {}).get("number"),
    }
    for option, value in {**wanted, "trial": trial.number}.items():
        if has[option] != value:
            raise ValueError(
                f"{folder.uri} is a retraining with {option} {has[option]}, not {value}; choose "
                "another --name for this one, or delete that folder"
            )


def _with_options(value: Any, options: Mapping[str, Any], epochs: int | None) -> Any:
    """Let options win over the architecture's own `training` record, where it has one."""
    record = value.get("training") if isinstance(value, Mapping) else None
    if not isinstance(record, Mapping):
        return value
    given = {**options, **({} if epochs is None else {"epochs": epochs})}
    return {**value, "training": {name: given.get(name, own) for name, own in record.items()}}


def _config(
    parent: RunFolder,
    folder: Folder,
    seeds: int,
    epochs: int | None,
    options: Mapping[str, Any],
    given: Mapping[str, Any],
) -> RunConfig:
    searched = read_config(read_run_yaml(parent.folder), parent.folder.uri_of("run.yaml"))
    shared = {
        name: value
        for name, value in searched.options.items()
        if searched.legal_options[name] in ("training", "data")
    }
    values = {
        **searched.model_dump(),
        **given,
        "strategy": "random",
        "deduplicate": "exact",
        "scheduler": "none",
        "trials": seeds,
        "keep": seeds,
        "epochs": epochs or LONGER * searched.epochs,
        "name": folder.name,
        "storage": (parent.folder / RETRAINED).uri,
        "options": {**shared, **options, "duplicates": True},
    }
    return make_config(**values)


def _only(value: Any, source: str) -> str:
    """Return a space file's text whose space is one architecture."""
    return (
        f"{source.rstrip()}\n\n\ndef space(pick):  # the one architecture that is trained here\n"
        f"    return {pformat(value, indent=4, sort_dicts=False)}\n"
    )


def _origin(parent: RunFolder, trial: Trial) -> dict[str, Any]:
    config = parent.config
    return {
        "run": config.name,
        "number": trial.number,
        "trials": config.trials,
        "strategy": config.strategy,
        "picks": trial.architecture.picks,
        "searched": trial.metrics,
    }
