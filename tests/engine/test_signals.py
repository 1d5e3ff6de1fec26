"""What ends a search from without: batch systems, service managers, closed terminals."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_cases import SLOW_SPACE, Command, command, epochs_written, rows
from run_cases import wait_for, write_space

from raynas import load
from raynas.runs.run_folder import open_run

WHAT = ("search", "--space=own.py", "--trials=40", "--epochs=50", "--name=run")


def trains(folder: Path, driver: Command) -> Callable[[], bool]:
    run = folder / "runs/run"
    return lambda: bool(epochs_written(run)) or driver.process.poll() is not None


def can_go_on(folder: Path) -> bool:
    run = open_run(str(folder / "runs/run"))
    return run.state(len(list(run.trials()))) == "interrupted"


@pytest.mark.parametrize(
    ("send", "number", "code"),
    [
        (os.killpg, signal.SIGTERM, 143),  # `timeout`, SLURM, systemd
        (os.killpg, signal.SIGINT, 130),  # Ctrl-C
        (os.kill, signal.SIGUSR1, 143),  # SLURM's --signal=USR1@60
    ],
)
def test_a_signal_to_all_processes_of_a_search_ends_it_cleanly(tmp_path, send, number, code):
    write_space(tmp_path, SLOW_SPACE)
    with command(tmp_path, *WHAT) as driver:
        wait_for(trains(tmp_path, driver))
        send(driver.process.pid, number)
        if number == signal.SIGTERM:
            send(driver.process.pid, number)  # it often comes twice
        out, err = driver.process.communicate(timeout=30)
        wait_for(driver.gone, 10)
    assert (driver.process.returncode, err) == (code, "")
    assert out.splitlines()[-1] == "Interrupted. Go on with: raynas resume runs/run"
    assert can_go_on(tmp_path)


def test_so_does_a_terminal_that_is_closed(tmp_path):
    write_space(tmp_path, SLOW_SPACE)
    ours, its = pty.openpty()
    code = (
        "import fcntl, os, sys, termios; os.setsid();"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "from raynas.cli import main; main()"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", code, *WHAT], cwd=tmp_path, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    seen = b""

    def trains_now() -> bool:
        nonlocal seen
        seen += os.read(ours, 4096) if not epochs_written(tmp_path / "runs/run") else b""
        return bool(epochs_written(tmp_path / "runs/run")) or driver.poll() is not None

    wait_for(trains_now)
    assert driver.poll() is None, seen
    os.close(ours)
    assert driver.wait(30) == 143
    assert can_go_on(tmp_path)


def test_what_the_search_has_by_then_is_tested_and_handed_over(tmp_path):
    write_space(tmp_path)
    run = tmp_path / "runs/run"
    with command(tmp_path, "search", "--space=own.py", "--trials=30", "--epochs=4", "--name=run",
                 "--set=limit=400", "--concurrency=1") as driver:  # fmt: skip
        wait_for(lambda: rows(run) >= 2 or driver.process.poll() is not None)
        code, out, err = driver.end(signal.SIGTERM)
        wait_for(driver.gone, 10)
    assert (code, err) == (143, "")
    done = rows(run)
    best = open_run(str(run)).best()
    assert 2 <= done < 30
    assert best is not None
    assert best.trials == done
    assert can_go_on(tmp_path)
    words, last = out.splitlines()[-2:]
    assert words.startswith(f"The best network of {done} trials is in runs/run/best: accuracy ")
    assert last == "Interrupted. Go on with: raynas resume runs/run"
    net = load(str(run))
    assert net.predict(np.zeros(net.input_shape, dtype=np.uint8)) in net.label_names
    with command(tmp_path, "resume", "runs/run") as driver:
        wait_for(lambda: rows(run) > done or driver.process.poll() is not None)
        assert driver.end(signal.SIGTERM)[0] == 143
    again = open_run(str(run)).best()
    assert again is not None
    assert again.trials == rows(run) > done
