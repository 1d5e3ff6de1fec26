"""A disk that fills up ends a run in one line, and it goes on once there is room."""

import errno
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from folder_cases import new_run, opened_again
from run_cases import open_ledger, train

from raynas.runs.storage import StoreError
from raynas.terminal.output import Output


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def test_no_row_is_lost_and_the_run_goes_on(disk: Path):
    run = disk / "run"
    config = new_run(run, trials=8)
    ledger = open_ledger(run, config)
    train(ledger, 2)
    ballast = fill(disk)
    with pytest.raises(StoreError, match=r"No space left on device") as error:
        train(ledger, 6)
    assert "\n" not in str(error.value)
    ledger.close()
    ballast.unlink()
    again = opened_again(run)
    assert again.done >= 2
    train(again, again.left)
    assert opened_again(run).done == 8
    assert not list(run.rglob("*.tmp"))


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_on_the_full_disk_hides_nothing(monkeypatch, capsys):
    output = Output(verbose=True)
    monkeypatch.setattr(sys, "stderr", _Full())
    output.crash(StoreError("run folder, runs/x: [Errno 28] No space left on device"))
    monkeypatch.undo()
    assert capsys.readouterr().err == (
        "raynas: StoreError: run folder, runs/x: [Errno 28] No space left on device\n"
    )
