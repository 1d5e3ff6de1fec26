"""The run.yaml of a run: its options, and what they were meant for when it was started."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import yaml
from pydantic import ValidationError

from raynas.options.run_options import RunOptions
from raynas.options.yaml_values import read_yaml
from raynas.runs.certainty import ValidationCount
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.storage import Folder

RUN_FILE = "run.yaml"
DECISIVE = ("raynas", "ray", "torch", "pytorch-lightning")
"""Packages whose versions decide what comes out."""


def versions_now() -> dict[str, str]:
    """Return the installed versions of what decides the results."""
    return {name: version(name) for name in DECISIVE}


@dataclass(frozen=True)
class RunFile:
    """What stands in a run.yaml besides the options.

    `versions` are those that the run was started with, `data_fingerprint` is of the data set that
    it was started on; "" where that is not known. `validation` counts its validation samples, and
    `started` has the moments at which it was started and resumed; None and none in older files.
    `to_be_sized` names the options that wait for an estimate of how many trials its minutes allow,
    and `ended` says what has ended it before it had its trials: "" where nothing has.
    """

    options: dict[str, Any]
    versions: dict[str, str] = field(default_factory=versions_now)
    data_fingerprint: str = ""
    validation: ValidationCount | None = None
    started: tuple[datetime, ...] = ()
    to_be_sized: tuple[str, ...] = ()
    ended: str = ""

    def resumed(self, moment: datetime, **options: Any) -> "RunFile":
        """Return the same of a run that was resumed at a moment, some options changed."""
        started = (*self.started, moment) if self.started else ()
        return replace(self, options={**self.options, **options}, started=started, ended="")

    def config(self, **overrides: Any) -> RunConfig:
        """Check the options; `overrides` win, their `options` one by one.

        Raises:
            ValueError: a value is not legal; one line says which.
        """
        options = {**self.options["options"], **overrides.pop("options", {})}
        return make_config(**{**self.options, **overrides, "options": options})

    def to_yaml(self) -> str:
        """Write it."""
        about: dict[str, Any] = {
            "versions": self.versions,
            "data_fingerprint": self.data_fingerprint,
        }
        if self.validation is not None:
            about["validation"] = self.validation.model_dump()
        if self.started:
            about["started"] = [moment.isoformat() for moment in self.started]
        if self.to_be_sized:
            about["to_be_sized"] = list(self.to_be_sized)
        if self.ended:
            about["ended"] = self.ended
        return yaml.safe_dump({**self.options, **about}, sort_keys=False)


def run_file(
    config: RunOptions,
    data_fingerprint: str = "",
    validation: ValidationCount | None = None,
    started: datetime | None = None,
    to_be_sized: tuple[str, ...] = (),
) -> RunFile:
    """Make the file of a run that is started now, or was at a moment."""
    return RunFile(
        config.model_dump(),
        to_be_sized=to_be_sized,
        data_fingerprint=data_fingerprint,
        validation=validation,
        started=(started or datetime.now(UTC),),
    )


def parse_run_file(text: str, where: str) -> RunFile:
    """Read the text of a run.yaml; its options are not checked.

    Raises:
        ValueError: it is not YAML, or no options; one line says which.
    """
    try:
        data = read_yaml(text)
    except ValueError as error:
        raise ValueError(f"{where} is not YAML: {error}") from error
    data = {} if data is None else data
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected options like `trials: 30`, got {type(data).__name__}")
    if strange := [name for name in data if not isinstance(name, str)]:
        raise ValueError(f"{where}: expected the name of an option, got {strange[0]!r}")
    versions, fingerprint = data.pop("versions", None), data.pop("data_fingerprint", None)
    validation, started = data.pop("validation", None), data.pop("started", None)
    to_be_sized, ended = data.pop("to_be_sized", None), data.pop("ended", None)
    options = {} if data.get("options") is None else data["options"]
    if not isinstance(options, dict):
        kind = type(options).__name__
        raise ValueError(f"{where}: options: expected some like `batch_size: 64`, got {kind}")
    known = versions if isinstance(versions, Mapping) else {}
    return RunFile(
        {**data, "options": options},
        dict(known),
        str(fingerprint or ""),
        _read_validation(validation),
        _read_moments(started),
        tuple(map(str, to_be_sized)) if isinstance(to_be_sized, list) else (),
        str(ended or ""),
    )


def _read_validation(value: Any) -> ValidationCount | None:
    """Read what older files do not have, and what a person may have changed."""
    try:
        return ValidationCount.model_validate(value)
    except ValidationError:
        return None


def _read_moments(value: Any) -> tuple[datetime, ...]:
    try:
        moments = tuple(datetime.fromisoformat(str(moment)) for moment in value or ())
    except (TypeError, ValueError):
        return ()
    return moments if all(moment.tzinfo for moment in moments) else ()


def read_run_file(folder: Folder) -> RunFile:
    """Read the run.yaml of a run folder.

    Raises:
        ValueError: there is none, or it is broken.
    """
    try:
        text = folder.read(RUN_FILE).decode()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(
            f"{folder.uri} is no run folder: it has no run.yaml; expected what `raynas search` "
            "made, like runs/NAME"
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{folder.uri_of(RUN_FILE)} is no text in UTF-8: {error}") from error
    return parse_run_file(text, folder.uri_of(RUN_FILE))


def write_run_file(folder: Folder, file: RunFile) -> None:
    """Write the run.yaml of a run that is going on.

    Raises:
        StoreError: that does not succeed.
    """
    content = file.to_yaml().encode()
    folder.keep_trying(lambda: folder.write(RUN_FILE, content))


def read_run_config(folder: Folder) -> RunConfig:
    """Read the options of a run that was made, checked.

    Raises:
        ValueError: there is no run, or an option in its run.yaml is not legal.
    """
    file = read_run_file(folder)
    options = file.options["options"]
    if options and "data_seed" not in options:  # before raynas 0.2 the run's seed split the data
        file = RunFile({**file.options, "options": {**options, "data_seed": _seed_of(file)}})
    try:
        return file.config()
    except ValueError as error:
        raise ValueError(f"{folder.uri_of(RUN_FILE)}: {error}") from error


def _seed_of(file: RunFile) -> Any:
    return file.options.get("seed", 0)
