"""A run, going on or ended, as its folder tells it."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from raynas.options.run_options import RunOptions, one_line, parse_options
from raynas.runs.lock import is_locked
from raynas.runs.record import Record
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial

BEST = "architecture.json"
ORIGIN = "origin.json"
REPORT = "report.html"


class RunFolder:
    """One search and its folder."""

    def __init__(self, folder: Folder, config: RunOptions) -> None:
        """Look at a run folder."""
        self.folder = folder
        self.config = config
        self.interrupted = False
        """Whether it was told to end before all trials were done."""

    def trials(self) -> Iterator[Trial]:
        """Yield the finished trials in order of completion."""
        yield from Record(self.folder)

    def best(self) -> dict[str, Any] | None:
        """Return what `best/architecture.json` says, or None while the search goes on."""
        if not self.folder.exists(f"best/{BEST}"):
            return None
        found: dict[str, Any] = json.loads(self.folder.read(f"best/{BEST}"))
        return found

    def origin(self) -> dict[str, Any] | None:
        """Return where the one architecture of a retraining comes from; None for a search."""
        if not self.folder.exists(ORIGIN):
            return None
        found: dict[str, Any] = json.loads(self.folder.read(ORIGIN))
        return found

    @property
    def unit(self) -> str:
        """What one of its trials is to a person: a trial of a search, a seed of a retraining."""
        return "seed" if self.folder.exists(ORIGIN) else "trial"

    def state(self, done: int) -> str:
        """Say whether a run with so many trials done is "running", "finished" or "interrupted"."""
        if is_locked(self.folder):
            return "running"
        if done >= self.config.trials:
            return "finished"
        best = self.best()  # of fewer trials where the space has no more
        return "finished" if best and best["trials"] == self.config.trials else "interrupted"


def open_run(path: str) -> RunFolder:
    """Open a run folder to look at it.

    Raises:
        ValueError: there is none at `path`, or its run.yaml is broken.
    """
    folder = open_folder(path)
    where = folder.uri_of("run.yaml")
    try:
        return RunFolder(folder, RunOptions(**parse_options(read_run_yaml(folder), where)))
    except ValidationError as error:
        raise ValueError(f"{where}: {one_line(error)}") from error


def read_run_yaml(folder: Folder) -> str:
    """Return the text of a run's run.yaml.

    Raises:
        ValueError: there is none.
    """
    try:
        return folder.read("run.yaml").decode()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(
            f"{folder.uri} is no run folder: it has no run.yaml; expected what `raynas search` "
            "made, like runs/NAME"
        ) from error
