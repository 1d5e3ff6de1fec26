"""What is only looked at loads nothing heavy: each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from run_cases import SPACE, open_ledger, small_config, train

from raynas.runs.run_file import run_file
from raynas.runs.storage import open_folder

HEAVY = {"torch", "ray", "pytorch_lightning", "optuna"}


def loaded_by(code: str) -> set[str]:
    """Return the modules that a new process has loaded after a piece of code."""
    code += "; import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def command(*arguments: str) -> str:
    """Return code that runs a command and needs it to succeed."""
    return f"from raynas.cli import app; assert not app({arguments!r}, standalone_mode=False)"


@pytest.mark.parametrize("module", ["raynas", "raynas.space", "raynas.strategies"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert not loaded & (HEAVY | {"scipy", "sklearn", "pandas", "pyarrow"})


def test_a_run_is_looked_at_without_ray_or_torch(tmp_path: Path) -> None:
    config = small_config(storage=str(tmp_path))
    folder = open_folder(str(tmp_path / "run"))
    folder.make()
    folder.write("space.py", SPACE.encode())
    folder.write("run.yaml", run_file(config).to_yaml().encode())
    train(open_ledger(folder, config), 4)
    for look in ("status", "report"):
        loaded = loaded_by(command(look, folder.uri))
        assert "raynas.runs.record" in loaded
        assert not loaded & (HEAVY | ({"pandas"} if look == "status" else set()))
    assert folder.exists("report.html")


def test_a_replay_loads_neither_ray_nor_torch(tmp_path: Path) -> None:
    space = tmp_path / "own.py"
    space.write_text(
        "from raynas.space import Choice\n\nspace = Choice(range(9))\n\n\n"
        "def key(architecture):\n    return str(architecture.value)\n\n\n"
        "def build(value, input_shape, num_outputs):\n    raise NotImplementedError\n"
    )
    table = {"name": [str(i) for i in range(9)], "score": [float(i) for i in range(9)]}
    pq.write_table(pa.table(table), tmp_path / "table.parquet")
    what = [f"--space={space}", f"--table={tmp_path / 'table.parquet'}", "--key=name"]
    how = ["--signal=score", "--strategy=evolution", "--trials=5", "--seeds=1"]
    loaded = loaded_by(command("replay", *what, *how, f"--output={tmp_path / 'out.parquet'}"))
    assert (tmp_path / "out.parquet").exists()
    assert not loaded & HEAVY
