"""The Ray that a search starts on its own machine: who can reach it, and what if it breaks down."""

import ipaddress
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from command_cases import LOADING, SLOW_SPACE, Command, command, epochs_written
from run_cases import wait_for, write_space

from raynas.runs.run_folder import open_run


def listens_at(process: psutil.Process) -> set[str]:
    connections = process.net_connections(kind="inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


def is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def test_it_is_reached_from_this_machine_alone_and_its_end_is_said(tmp_path):
    write_space(tmp_path, SLOW_SPACE)
    what = ("search", "--space=own.py", "--trials=40", "--epochs=50", "--name=run")
    run = tmp_path / "runs/run"
    with command(tmp_path, *what) as driver:
        wait_for(lambda: epochs_written(run) or driver.process.poll() is not None)
        ours = psutil.Process(driver.process.pid)
        processes = [ours, *ours.children(recursive=True)]
        listening = {p.name(): addresses for p in processes if (addresses := listens_at(p))}
        assert {"gcs_server", "raylet"} <= listening.keys()
        assert all(map(is_loopback, set().union(*listening.values()))), listening
        next(p for p in processes if p.name() == "gcs_server").send_signal(signal.SIGKILL)
        out, err = driver.process.communicate(timeout=30)
        wait_for(driver.gone, 10)
    assert driver.process.returncode == 1
    assert out.startswith(LOADING)
    last = (out + err).splitlines()[-1]
    assert "Ray's gcs_server has ended, and with it all workers; what is recorded is kept" in last
    assert last.endswith(". Go on with: raynas resume runs/run")
    state = open_run(str(run)).state(0)
    assert state == "interrupted"


STARTS = """
import os, signal, sys, threading, time
import psutil, ray
from raynas.engine.local_ray import own_ray

own_ray.STARTS_WITHIN_S = (2.0, 120.0)
held = []

def hold_the_first_raylet():
    while not held:
        children = psutil.Process().children(recursive=True)
        held.extend(p for p in children if p.name() == "raylet")
        time.sleep(0.01)
    held[0].suspend()

threading.Thread(target=hold_the_first_raylet).start()
started = own_ray.start_ray(print)
print("left of the first:", psutil.pid_exists(held[0].pid))
print("works:", ray.get(ray.put(7)))
ray.shutdown()
started.close()
"""


def printed_by(script: str, folder: Path) -> list[str]:
    """Return the lines that a program prints."""
    process = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=200
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def test_ray_that_does_not_start_in_time_is_started_once_more(tmp_path):
    assert printed_by(STARTS, tmp_path) == [
        "Ray has not started (it does not answer); trying once more, with more time",
        "left of the first: False",
        "works: 7",
    ]


SOON = """
import os, time
import psutil, ray
from raynas.engine.local_ray.own_ray import ray_soon, workers_at_first
from raynas.runs.run_config import make_config

children = lambda: psutil.Process().children(recursive=True)
with ray_soon(None, sure=False) as nothing, ray_soon("10.0.0.1:6379", sure=True) as other:
    print(nothing, other, children())
try:
    with ray_soon(None, sure=True) as soon:
        processes = soon.processes(print)
        print("works:", ray.get(ray.put(7)))
        old = children()
        raise ValueError("refused")
except ValueError as error:
    print(error)
end = time.monotonic() + 30
while any(p.is_running() and p.status() != "zombie" for p in old) and time.monotonic() < end:
    time.sleep(0.05)
print("left:", [p for p in old if p.is_running() and p.status() != "zombie"])
print(workers_at_first(make_config(trials=1)), workers_at_first(make_config(workers_per_trial=2)))
"""


def test_it_starts_meanwhile_and_is_ended_when_it_is_not_used(tmp_path):
    assert printed_by(SOON, tmp_path) == ["None None []", "works: 7", "refused", "left: []", "1 0"]


def test_killed_while_it_starts_it_leaves_nothing(tmp_path):
    """Its agents, which raylet starts, would wait ten seconds for somebody who is gone."""
    write_space(tmp_path)
    for name in ("gcs_server", "raylet", "DashboardAgent"):
        with command(tmp_path, "search", "--space=own.py", "--name=run") as driver:
            wait_for(partial(has_started, driver, name), pause=0.01)
            assert driver.process.poll() is None
            driver.end(signal.SIGKILL)
            wait_for(driver.gone, 5)


def has_started(driver: Command, name: str) -> bool:
    """Whether it has a process with such a name, or has ended."""
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(driver.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any(name in part for part in (process.name(), *process.cmdline()[:1])):
                    return True
    return driver.process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_its_trials_run_in_workers_that_are_forked(tmp_path):
    write_space(tmp_path)
    what = ("search", "--space=own.py", "--trials=6", "--epochs=2", "--name=run")
    parents: set[str] = set()
    with command(tmp_path, *what) as driver:
        while driver.process.poll() is None:
            for process in psutil.Process(driver.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess, IndexError, AttributeError):
                    if "Candidate" in process.cmdline()[0]:
                        parents.add(" ".join(process.parent().cmdline()))
            time.sleep(0.1)
        assert driver.end()[0] == 0
    assert len(parents) == 1, "those of a search come from one process"
    assert "raynas.engine.local_ray.fork_server" in parents.pop()
