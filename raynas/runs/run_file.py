"""The run.yaml of a run: its options, and what they were meant for when it was started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import yaml

from raynas.options.run_options import RunOptions
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
    it was started on; "" where that is not known.
    """

    options: dict[str, Any]
    versions: dict[str, str] = field(default_factory=versions_now)
    data_fingerprint: str = ""

    def config(self, **overrides: Any) -> RunConfig:
        """Check the options; `overrides` win, their `options` one by one.

        Raises:
            ValueError: a value is not legal; one line says which.
        """
        options = {**self.options["options"], **overrides.pop("options", {})}
        return make_config(**{**self.options, **overrides, "options": options})

    def to_yaml(self) -> str:
        """Write it."""
        about = {"versions": self.versions, "data_fingerprint": self.data_fingerprint}
        return yaml.safe_dump({**self.options, **about}, sort_keys=False)


def run_file(config: RunOptions, data_fingerprint: str = "") -> RunFile:
    """Make the file of a run that is started now."""
    return RunFile(config.model_dump(), data_fingerprint=data_fingerprint)


def parse_run_file(text: str, where: str) -> RunFile:
    """Read the text of a run.yaml; its options are not checked.

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
    versions, fingerprint = data.pop("versions", None), data.pop("data_fingerprint", None)
    options = data.get("options") or {}
    if not isinstance(options, dict):
        raise ValueError(f"{where}: options: expected some like `batch_size: 64`, got {options!r}")
    known = versions if isinstance(versions, Mapping) else {}
    return RunFile({**data, "options": options}, dict(known), str(fingerprint or ""))


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
    return parse_run_file(text, folder.uri_of(RUN_FILE))


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
