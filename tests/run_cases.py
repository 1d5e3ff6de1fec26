"""What runs are tested with: a small space file, made-up results, and a look at the processes."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import raynas
from raynas.engine.ledger import Ledger
from raynas.engine.trials.trial_report import TrialReport
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_folder import open_run
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial
from raynas.space import Architecture, load_space_source

SPACE = '''"""One or two dense layers; 156 nets."""
from raynas.nets import build_mlp as build
from raynas.space import Choice, Record, Repeat

layer = Record(
    type="dense",
    units=Choice([8, 12, 16, 24, 32, 48]),
    activation=Choice(["relu", "tanh"]),
)
space = Record(layers=Repeat(layer, 1, 2))
'''


def write_space(folder: Path, source: str = SPACE, name: str = "own.py") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source)
    return str(folder / name)


def write_table(path: Path, rows: int = 240) -> str:
    """Write two numeric columns and a string label that follows from them."""
    x = [(i * 37 % 101) / 100 for i in range(rows)]
    y = [(i * 53 % 97) / 100 for i in range(rows)]
    species = ["up" if a > b else "down" for a, b in zip(x, y, strict=True)]
    pq.write_table(pa.table({"x": x, "y": y, "species": species}), path)
    return str(path)


def small_config(**values: Any) -> RunConfig:
    options = {"population": 3, "tournament": 2, **values.pop("options", {})}
    return make_config(
        **{"space": "own.py", "strategy": "evolution", "name": "run", **values, "options": options}
    )


def open_ledger(where: Path | Folder, config: RunConfig) -> Ledger:
    folder = where if isinstance(where, Folder) else open_folder(str(where))
    return Ledger(folder, config, config.make_strategy(load_space_source(SPACE, "own")))


def score_of(architecture: Architecture) -> float:
    """A number from 0 to 1 that is the same everywhere."""
    return int(architecture.id[:8], 16) / 16**8


def report_of(architecture: Architecture, **more: Any) -> TrialReport:
    """What a worker tells at the end."""
    score = score_of(architecture)
    metrics = {"val_accuracy": score, "val_loss": 1 - score}
    given = {
        "metrics": metrics,
        "curve": [{"epoch": 2, **metrics, "train_seconds": 0.5}],
        "finished": True,
        "started_at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        "node": "here",
    }
    return TrialReport(**{**given, **more})


def train(ledger: Ledger, count: int) -> list[str]:
    """Let the ledger propose and finish trials; returns the architectures' ids."""
    ids = []
    for _ in range(count):
        config = ledger.next()
        assert config is not None
        ids.append(config["architecture_id"])
        architecture = ledger.running[config["trial_id"]].proposal.architecture
        (ledger.folder / "checkpoints" / config["trial_id"]).write("last.ckpt", b"weights")
        ledger.finish(config["trial_id"], report_of(architecture))
    return ids


def checkpoints(run: Path) -> set[str]:
    return {path.name for path in (run / "checkpoints").iterdir()}


def record(run: raynas.Run) -> list[Trial]:
    return list(open_run(run.folder).trials())


def facts(trials: Iterable[Trial]) -> list[tuple[Any, ...]]:
    """What must be the same whoever interrupts a run: all but times."""
    times = {"train_seconds": 0.0, "latency_ms": 0.0}
    return [
        (
            *(t.number, t.trial_id, t.architecture.id, t.proposal.parents, t.status, t.epochs),
            {**t.metrics, **times},
            [{**epoch, **times} for epoch in t.curve],
        )
        for t in trials
    ]


def wait_for(what: Callable[[], object], seconds: float = 240, pause: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(pause)


def processes_with(mark: str) -> list[str]:
    """List the processes that have an environment variable of this value; zombies not."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:300])
        except OSError:
            continue
    return found
