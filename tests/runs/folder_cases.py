"""Run folders as a search writes them, without training anything."""

from pathlib import Path
from typing import Any

from run_cases import SPACE, open_ledger, train

from raynas.engine.ledger import Ledger
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import read_run_config, run_file
from raynas.runs.storage import open_folder


def new_run(path: Path, *, modules: bytes = b"", source: str = SPACE, **options: Any) -> RunConfig:
    """Write a run folder with no trials."""
    values = {"space": "own.py", "strategy": "random", "data": "synthetic", "trials": 4}
    config = make_config(**{**values, **options, "name": path.name}).resolved()
    folder = open_folder(str(path))
    folder.make()
    make_run(folder, config, source, modules, run_file(config, "a fingerprint"))
    return config


def trained_run(path: Path, done: int = 4, waiting: int = 0, **options: Any) -> Ledger:
    """Write a run folder with so many trials done, and so many interrupted."""
    config = new_run(path, **options)
    ledger = open_ledger(path, config)
    train(ledger, done)
    for _ in range(waiting):
        ledger.next()
    ledger.close()
    return ledger


def opened_again(path: Path) -> Ledger:
    """Open a run as resume does."""
    return open_ledger(path, read_run_config(open_folder(str(path))))


def content(path: Path) -> dict[str, bytes]:
    """What lies in a folder, links as what they lead to; a lock is nobody's change."""
    files = (p for p in path.rglob("*") if p.is_file() and p.name != ".lock")
    return {str(p.relative_to(path)): p.read_bytes() for p in files}
