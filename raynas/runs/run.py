"""A run, going on or ended, as its folder tells it."""

import json
from collections.abc import Iterator
from typing import Any

from raynas.runs.config import RunConfig
from raynas.runs.record import Record, Trial
from raynas.runs.storage import Folder

BEST = "architecture.json"


class Run:
    """One search and its folder."""

    def __init__(self, folder: Folder, config: RunConfig) -> None:
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
