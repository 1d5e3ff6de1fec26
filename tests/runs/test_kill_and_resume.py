"""The command `raynas` itself: killed, interrupted, resumed, and the processes it leaves."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from run_cases import (
    SPACE,
    checkpoints,
    facts,
    processes_with,
    wait_for,
    write_space,
)

import raynas
from raynas.runs.run import open_run

SLOW_SPACE = (
    SPACE.replace("import build_mlp as build", "import build_mlp")
    + '''

def build(value, input_shape, num_outputs):
    """Nets that take a tenth of a second for a batch, so that there is time to kill them."""
    import time

    net = build_mlp(value, input_shape, num_outputs)
    net.register_forward_hook(lambda *_: time.sleep(0.1))
    return net
'''
)

DATA = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset


class Own(LightningDataModule):
    num_classes = 2
    batch_size = 32

    def setup(self, stage):
        inputs = torch.rand(120, 3, generator=torch.Generator().manual_seed(0))
        self.rows = TensorDataset(inputs, (inputs.sum(1) > 1.5).long())

    def train_dataloader(self):
        return DataLoader(self.rows, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.rows, 120)

    test_dataloader = val_dataloader
"""


class Command:
    """A `raynas` command that is running; everything it starts can be told by its `mark`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.mark = f"raynas-test-{uuid.uuid4()}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from raynas.cli import main; main()", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RAYNAS_TEST": self.mark},
            start_new_session=True,
        )

    def end(self, number: int | None = None) -> tuple[int, str, str]:
        """Send a signal, if any, and wait for the end: exit code, stdout, stderr."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err

    def gone(self) -> bool:
        """Whether nothing is left; Ray's two agents, which train nothing, may take 20 seconds."""
        return all("Agent" in process for process in processes_with(self.mark))


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator[Command]:
    started = Command(folder, *arguments)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.process.pid, signal.SIGKILL)
        started.process.communicate()
        wait_for(started.gone, 10)


def rows(path: Path) -> int:
    return (
        len(list(open_run(str(path)).trials())) if (path / "trials/00000.parquet").exists() else 0
    )


def epochs_written(path: Path) -> set[tuple[str, int]]:
    found = set()
    for file in path.glob("checkpoints/*/last.ckpt"):
        with suppress(FileNotFoundError):
            found.add((str(file), file.stat().st_mtime_ns))
    return found


def test_killed_five_times_it_is_the_run_that_it_would_have_been(ray_cluster, tmp_path):
    write_space(tmp_path, SLOW_SPACE)
    options = {"population": 2, "tournament": 2, "limit": 130, "batch_size": 32}
    common = {"space": str(tmp_path / "own.py"), "trials": 7, "epochs": 3, "seed": 4}
    whole = raynas.search(
        **common, concurrency=1, name="run", storage=str(tmp_path / "whole"), options=options
    )
    pairs = [f"--set={name}={value}" for name, value in options.items()]
    flags = [f"--{name}={value}" for name, value in common.items()]
    run = tmp_path / "runs/run"
    search = ["search", *flags, *pairs, "--concurrency=1", "--name=run"]
    moments = [  # in the middle of a trial, after a trial, at once after its proposal
        lambda: epochs_written(run),
        lambda: rows(run) > done,
        lambda: epochs_written(run) - written,
        lambda: rows(run) > done + 1,
        lambda: checkpoints(run) - known,
    ]
    for moment in moments:
        done = rows(run)
        written = epochs_written(run)
        known = checkpoints(run) if run.exists() else set()
        with command(tmp_path, *search) as driver:
            wait_for(lambda m=moment, d=driver: m() or d.process.poll() is not None)
            code, _, err = driver.end(signal.SIGKILL)
            assert code == -signal.SIGKILL, err
            wait_for(driver.gone, 10)
        assert rows(run) >= done, "a completed trial was lost"
        search = ["resume", str(run)]
    before = rows(run)
    quiet = epochs_written(run)
    time.sleep(1)
    assert epochs_written(run) == quiet, "something goes on training"
    assert before < 7
    with command(tmp_path, *search) as driver:
        code, out, err = driver.end()
        assert (code, err) == (0, "")
    assert "Resuming" in out
    assert facts(open_run(str(run)).trials()) == facts(whole.trials())
    ids = [fact[2] for fact in facts(whole.trials())]
    assert len(set(ids)) == 7
    best, expected = open_run(str(run)).best(), whole.best()
    assert best is not None
    assert expected is not None
    assert best["test"] == expected["test"]


def test_interrupted_it_ends_cleanly_and_says_how_to_go_on(tmp_path):
    """With the user's own space and data module, found from the folder that they type in."""
    write_space(tmp_path, SLOW_SPACE)
    (tmp_path / "my_data.py").write_text(DATA)
    run = tmp_path / "runs/mine"
    going_on = r"Interrupted\. Go on with: raynas resume runs/mine\n"
    flags = ["--trials=4", "--epochs=20", "--name=mine"]
    with command(tmp_path, "search", "--space=own.py", "--data=my_data:Own", *flags) as driver:
        wait_for(lambda: epochs_written(run) or driver.process.poll() is not None)
        with command(tmp_path, "status", "runs/mine") as status:
            code, said, err = status.end()
        assert (code, err) == (0, "")
        assert re.match(r"mine: running, \d of 4 trials done, 0 failed\n", said)
        code, out, err = driver.end(signal.SIGINT)
        assert code == 130
        assert re.search(going_on + r"\Z", out + err)
        assert driver.process.poll() is not None
        wait_for(driver.gone, 10)
    shutil.move(tmp_path / "own.py", tmp_path / "gone.py")
    done = rows(run)
    assert done < 4
    with command(tmp_path, "resume", "runs/mine") as driver:
        seen = epochs_written(run)
        wait_for(lambda: epochs_written(run) - seen or driver.process.poll() is not None)
        code, out, err = driver.end(signal.SIGTERM)
        assert code == 130, out + err
        assert re.search(going_on + r"\Z", out + err)
        wait_for(driver.gone, 10)
    with command(tmp_path, "resume", "runs/mine") as driver:
        code, out, err = driver.end()
        assert (code, err) == (0, "")
    trials = list(open_run(str(run)).trials())
    assert sorted(trial.number for trial in trials) == [0, 1, 2, 3]
    assert {trial.status for trial in trials} == {"completed"}
    assert {trial.epochs for trial in trials} == {20}


@pytest.mark.parametrize("verbose", [False, True])
def test_the_first_command(tmp_path, verbose):
    """What it prints where the output is no terminal is ours, in plain lines, and true."""
    more = ["--verbose"] if verbose else []
    flags = ["--trials=3", "--epochs=2", "--set=limit=300", "--name=a"]
    with command(tmp_path, "search", *flags, *more) as driver:
        code, out, err = driver.end()
    assert code == 0, err
    run = tmp_path / "runs/a"
    if verbose:
        assert not (run / "log.txt").exists()
    else:
        assert err == ""
        assert (run / "log.txt").exists()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\r]", out), "control characters"
        assert not re.search(r"[Ww]arning|Trial |\(pid=|GPU available|Tune|lightning", out)
    best = open_run(str(run)).best()
    assert best is not None
    lines = [line.strip() for line in out.splitlines()]
    for expected in (
        r"Searching chain_cnn \([\d.e+]+ architectures\) with evolution on digits: 3 trials .*",
        r"run folder runs/a",
        r"3/3 trials, .*",
        rf"architecture +{re.escape(best['description'])}",
        rf"validation +accuracy {best['metrics']['val_accuracy']:.4f}, F1 .*",
        rf"test +accuracy {best['test']['test_accuracy']:.4f}, F1 .*measured once.*",
        rf"parameters +{best['metrics']['params']:,.0f}",
        r"raynas status runs/a",
        r"raynas resume runs/a --trials 6",
    ):
        assert any(re.fullmatch(expected, line) for line in lines), (expected, out)
