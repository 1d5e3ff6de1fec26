"""Every strategy through search, SIGKILL, resume with more trials, retraining and export."""

import signal
from pathlib import Path
from typing import Any

import pytest
import ray
import torch
import yaml
from command_cases import command, rows
from run_cases import SPACE, record, wait_for, write_space

import raynas
from raynas.data import load_data
from raynas.runs.run_folder import open_run
from raynas.strategies import STRATEGIES

PAUSED = (
    SPACE.replace("import build_mlp as build", "import build_mlp")
    + '''

def build(value, input_shape, num_outputs):
    """A net that takes a moment to build, so that there is time to kill the search."""
    import time

    time.sleep(0.2)
    return build_mlp(value, input_shape, num_outputs)
'''
)
CELLS = '''"""Cells of two nodes; 27 nets."""
import time

from raynas.nets import build_staged_cells
from raynas.space import Cell, Record

space = Record(cell=Cell(["none", "skip_connect", "nor_conv_1x1"], 2))


def build(value, input_shape, num_outputs):
    time.sleep(0.2)
    return build_staged_cells(value, input_shape, num_outputs, channels=4, cells=1)
'''
SMALL: dict[str, dict[str, Any]] = {
    "evolution": {"population": 2, "tournament": 2},
    "bayesian": {"initial": 2, "candidates": 20},
    "pnas": {"beam": 3, "members": 1, "predictor_epochs": 2},
    "darts": {"supernet_epochs": 1, "supernet_batch_size": 32},
}
"""Options with which a strategy comes to what it does within few trials."""
OLD = {"raynas": "0.0.1", "ray": "2.50.0", "torch": "2.3.0", "pytorch-lightning": "2.4.0"}


def flags(strategy: str, space: str, trials: int, storage: Path) -> list[str]:
    options = {"limit": 120, **SMALL.get(strategy, {})}
    values = {
        "strategy": strategy, "space": space, "data": "digits", "trials": trials, "epochs": 1,
        "name": "run", "storage": storage, "seed": 3, "concurrency": 1,
        "address": ray.get_runtime_context().gcs_address,
    }  # fmt: skip
    pairs = [f"--set={name}={value}" for name, value in options.items()]
    return [*(f"--{name}={value}" for name, value in values.items()), *pairs]


def killed(folder: Path, strategy: str, trials: int) -> Path:
    """Search with the command, on the Ray of this process, and kill it after a trial or two."""
    paired = STRATEGIES[strategy].trains_supernets
    space = write_space(folder, CELLS if paired else PAUSED)
    run = folder / "runs/run"
    with command(folder, "search", *flags(strategy, space, trials, folder / "runs")) as driver:
        enough = 1 if paired else 2
        wait_for(lambda: rows(run) >= enough or driver.process.poll() is not None)
        code, _, err = driver.end(signal.SIGKILL)
        assert code == -signal.SIGKILL, err
    return run


USUAL = ("evolution", "bayesian", "pnas", "darts")
"""Those with most to remember; the others are run with --slow, half a minute each."""


@pytest.mark.parametrize(
    "strategy",
    [pytest.param(s, marks=() if s in USUAL else pytest.mark.slow) for s in STRATEGIES],
)
def test_killed_resumed_retrained_and_exported(ray_cluster, tmp_path: Path, strategy: str) -> None:
    paired = STRATEGIES[strategy].trains_supernets
    trials, more = (2, 4) if paired else (5, 7)
    folder = killed(tmp_path, strategy, trials)
    before = list(open_run(str(folder)).trials())
    assert 1 <= len(before) < trials
    started = yaml.safe_load((folder / "run.yaml").read_text())
    assert set(started["versions"]) == set(OLD)
    (folder / "run.yaml").write_text(yaml.safe_dump({**started, "versions": OLD}))

    run = raynas.resume(folder, trials=more)
    written = yaml.safe_load((folder / "run.yaml").read_text())
    times = written.pop("started")
    assert times[: len(started["started"])] == started.pop("started")
    assert len(times) == 2
    assert written == {**started, "versions": OLD, "trials": more}
    after = record(run)
    assert after[: len(before)] == before
    assert sorted(trial.number for trial in after) == list(range(len(after)))
    assert {trial.status for trial in after} == {"completed"}
    candidates = [trial for trial in after if trial.proposal.supernet is None]
    assert len({trial.architecture.id for trial in candidates}) == len(candidates)
    if paired:  # what a second supernet derives may be known
        derived = {t.derived.id for t in after if t.derived is not None}
        assert derived == {trial.architecture.id for trial in candidates}
    else:
        assert len(after) == more

    inputs = torch.from_numpy(load_data("digits").inputs["test"][:20])
    for rank in range(1, 1 + min(2, len(candidates))):
        retrained = run.retrain(rank=rank, epochs=1)
        exported = run.export(rank=rank)
        assert [trial.epochs for trial in record(retrained)] == [1]
        program = torch.export.load(f"{exported}/network.pt2").module()
        net = raynas.load(retrained.folder)
        with torch.no_grad():
            expected = net(inputs)
            assert torch.equal(raynas.load(exported)(inputs), expected)
            assert torch.allclose(program(inputs), expected, atol=1e-4)
