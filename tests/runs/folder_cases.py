"""Run folders as a search writes them, without training anything."""

from pathlib import Path
from typing import Any

import torch
from run_cases import SPACE, open_ledger, train

from raynas.engine.ledger import Ledger
from raynas.networks.network_folder import NetworkParts, pack_weights, write_network
from raynas.runs.found_network import FoundNetwork
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import read_run_config, run_file
from raynas.runs.storage import open_folder

METRICS = {"val_accuracy": 0.5, "val_f1": 0.5, "val_loss": 1.0}
METRICS |= {"params": 1, "macs": 1, "latency_ms": 1.0}
FACTS = {
    "run": "run", "trial_id": "run_00000", "number": 0, "trials": 4, "space": "own",
    "strategy": "random", "metric": "val_accuracy", "seed": 0, "architecture_id": "a",
    "architecture": {"layers": [{"type": "dense", "units": 8, "activation": "relu"}]},
    "picks": {}, "description": "dense", "metrics": METRICS, "test": None,
    "training": {}, "data": "synthetic", "data_summary": "", "input_shape": [3],
    "label_names": ["a", "b"],
}  # fmt: skip


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


def write_best(run: Path, source: str = SPACE, **facts: Any) -> None:
    """Write `best/` of a run, with weights that do not fit."""
    weights = pack_weights({"net.1.weight": torch.zeros(8, 3)})
    network = FoundNetwork.model_validate({**FACTS, **facts})
    write_network(open_folder(str(run / "best")), NetworkParts(network, weights, source))
