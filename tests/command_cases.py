"""The command `raynas` as a process of its own, and a space whose nets leave time to kill it."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from run_cases import SPACE, processes_with, wait_for

from raynas.runs.run_folder import open_run

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


OWN_DATA = """
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
"""A user's data module, as a file of its own."""


LOADING = "Loading …\n"
"""What a command that needs PyTorch says at once."""


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
        out, err = self.process.communicate(timeout=300)
        return self.process.returncode, out, err

    def gone(self) -> bool:
        """Whether nothing is left of it."""
        return not processes_with(self.mark)


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
