"""A run, going on or ended, as its folder tells it."""

import re
from collections.abc import Iterator
from typing import TypeVar

from raynas.options.run_options import RunOptions
from raynas.runs.found_network import FoundNetwork, Latencies, Origin, Said
from raynas.runs.lock import is_locked
from raynas.runs.record import TrialRecord, read_head
from raynas.runs.run_file import RUN_FILE, read_run_file
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial

BEST = "architecture.json"
ORIGIN = "origin.json"
REPORT = "report.html"
LATENCIES = "latencies.json"
CHECKPOINTS = "checkpoints"

_Said = TypeVar("_Said", bound=Said)


class RunFolder:
    """One search and its folder."""

    def __init__(self, folder: Folder, config: RunOptions) -> None:
        """Look at a run folder."""
        self.folder = folder
        self.config = config
        self.ended_by = 0
        """The number of the signal that ended the search early; 0 where none did."""

    def end_by(self, number: int) -> None:
        """Note the signal that ends the search."""
        self.ended_by = number

    @property
    def interrupted(self) -> bool:
        """Whether it was told to end before all trials were done."""
        return self.ended_by != 0

    def trials(self) -> Iterator[Trial]:
        """Yield the finished trials in order of completion."""
        yield from TrialRecord(self.folder)

    def foreign(self) -> list[str]:
        """List what lies in trials/ and checkpoints/ and is not of this run; nobody touches it."""
        places = [f"trials/{name}" for name in TrialRecord(self.folder).foreign]
        names = [info.base_name for info in (self.folder / CHECKPOINTS).list()]
        strange = (name for name in names if not is_trial_id(name, self.config.name))
        return [*places, *(f"{CHECKPOINTS}/{name}" for name in strange)]

    def best(self) -> FoundNetwork | None:
        """Return what `best/architecture.json` says, or None while the search goes on.

        Raises:
            ValueError: it is broken.
        """
        return self._said(FoundNetwork, f"best/{BEST}")

    def origin(self) -> Origin | None:
        """Return where the one architecture of a retraining comes from; None for a search.

        Raises:
            ValueError: that is broken.
        """
        return self._said(Origin, ORIGIN)

    def latencies(self) -> Latencies | None:
        """Return the latencies that were measured after the search; None while it goes on.

        Raises:
            ValueError: what says so is broken.
        """
        return self._said(Latencies, LATENCIES)

    def _said(self, kind: type[_Said], name: str) -> _Said | None:
        if not self.folder.exists(name):
            return None
        read: _Said = kind.read(self.folder.read(name), self.folder.uri_of(name))
        return read

    @property
    def unit(self) -> str:
        """What one of its trials is to a person: a trial of a search, a seed of a retraining."""
        return "seed" if self.folder.exists(ORIGIN) else "trial"

    def state(self, done: int) -> str:
        """Say whether a run with so many trials done is "running", "finished" or "interrupted"."""
        if is_locked(self.folder):
            return "running"
        total = self.config.trials
        if (total is not None and done >= total) or read_run_file(self.folder).ended:
            return "finished"
        return "interrupted"


def is_trial_id(name: str, run: str) -> bool:
    """Whether a name is that of a trial of a run."""
    return re.fullmatch(rf"{re.escape(run)}_\d{{5,}}", name) is not None


def foreign_words(run: RunFolder) -> str | None:
    """Say what in a run folder is not of the run, if anything."""
    names = run.foreign()
    if not names:
        return None
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Not of this run, and left alone: {shown}"


def open_run(path: str) -> RunFolder:
    """Open a run folder to look at it.

    Raises:
        ValueError: there is none at `path`, or its run.yaml is broken, or another one than the run
            was started with.
    """
    folder = open_folder(path)
    values = read_run_file(folder).options
    try:
        config = RunOptions.checked(values)
    except ValueError as error:
        raise ValueError(f"{folder.uri_of(RUN_FILE)}: {error}") from error
    head = read_head(folder)
    if head and (changed := head.changed({**config.options, **config.model_dump()})):
        raise ValueError(has_changed(folder, changed))
    return RunFolder(folder, config)


def has_changed(folder: Folder, changed: list[str]) -> str:
    """Say that a run.yaml is not that of the run, and what to do."""
    return (
        f"{folder.uri_of(RUN_FILE)} differs from what the run was started with: "
        f"{', '.join(changed)}; put it back, or start another run"
    )
