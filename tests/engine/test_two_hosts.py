"""Two hosts, a Ray node on each: they come and go while a search is running."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from command_cases import OWN_DATA
from hosts import Host, two_hosts
from run_cases import checkpoints, wait_for

from raynas.runs.run_folder import open_run

pytestmark = pytest.mark.cluster

SPACE = '''"""Small nets that take their time, and their choices in a file beside this one.

The first ones wait for each other, one on each host.
"""
import platform
import time
from pathlib import Path

import torch
from lines import width_choice
from torch import nn

from raynas.space import Record

space = Record(width=width_choice)
HERE = Path("{here}")


def wait(*_):
    if not torch.is_grad_enabled():  # it is only looked at, before the search
        return
    (HERE / platform.node()).touch()
    while not all((HERE / host).exists() for host in ("one", "two")):
        time.sleep(0.05)
    time.sleep(0.15)


def build(value, input_shape, num_outputs):
    width = value["width"]
    net = nn.Sequential(nn.Linear(*input_shape, width), nn.Linear(width, num_outputs))
    net.register_forward_hook(wait)
    return net
'''
LINES = "from raynas.space import Choice\nwidth_choice = Choice(list(range(2, 40)))\n"
EPOCHS = 6


def curves(run: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what the checkpoints of the trials say about their epochs."""
    found = {}
    for file in run.glob("checkpoints/*/last.ckpt"):
        try:
            state = torch.load(file, weights_only=True)
        except FileNotFoundError:
            continue
        (curve,) = (s["curve"] for s in state["callbacks"].values() if "curve" in s)
        found[file.parent.name] = curve
    return found


def in_the_middle(run: Path, done: set[str]) -> set[str]:
    """List the trials that have a checkpoint but not all epochs."""
    return {
        name
        for name, curve in curves(run).items()
        if 1 < len(curve) < EPOCHS - 1 and name not in done
    }


def finished(run: Path) -> list[Any]:
    there = (run / "trials/00000.parquet").exists()
    return list(open_run(str(run)).trials()) if there else []


HEAD = ["--head", "--port=6399", "--include-dashboard=false"]
JOIN = "--address=10.77.0.1:6399"


def search(host: Host, shared: Path, *options: str) -> subprocess.Popen[bytes]:
    (host.files / "own.py").write_text(SPACE.replace("{here}", str(shared)))
    (host.files / "lines.py").write_text(LINES)
    (host.files / "my_data.py").write_text(OWN_DATA)
    what = ["--space=own.py", "--data=my_data:Own", "--strategy=random", f"--epochs={EPOCHS}"]
    return host.raynas("search", *what, f"--storage={shared}", "--name=run", *options)


def test_hosts_come_and_go_and_the_search_goes_on(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    run = shared / "run"
    with two_hosts(tmp_path) as (one, two):
        one.ray(*HEAD)
        going = search(one, shared, "--address=auto", "--trials=8")
        two.ray(JOIN)  # gets work, though it joins later
        wait_for(lambda: len(in_the_middle(run, set())) == 2 or going.poll() is not None)
        assert going.poll() is None, one.said()
        two.vanish()
        before = curves(run)
        seen = {trial.trial_id for trial in finished(run)}
        wait_for(lambda: "goes on elsewhere" in one.said() or going.poll() is not None)
        wait_for(lambda: len(finished(run)) > len(seen) + 2 or going.poll() is not None)
        assert going.poll() is None, one.said()
        done = {trial.trial_id: trial for trial in finished(run)}
        one.vanish()  # and with it the head of the cluster and the search

        resume = two.raynas("resume", str(run))
        assert resume.wait(300) == 0, two.said()
    trials = list(open_run(str(run)).trials())
    assert sorted(trial.number for trial in trials) == list(range(8))
    assert len({trial.architecture.id for trial in trials}) == 8
    assert {trial.status for trial in trials} == {"completed"}
    assert {trial.node for trial in trials} == {"one", "two"}
    for trial in trials:
        assert [epoch["epoch"] for epoch in trial.curve] == list(range(1, EPOCHS + 1))
        if trial.trial_id in done:
            assert trial == done[trial.trial_id]
        if trial.trial_id in before and trial.trial_id not in seen:
            assert trial.curve[: len(before[trial.trial_id])] == before[trial.trial_id]
    best = open_run(str(run)).best()
    assert best is not None
    assert best.trial_id in checkpoints(run)


def test_a_trial_of_two_hosts_goes_on_when_the_one_that_was_lost_is_there_again(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    run = shared / "run"
    with two_hosts(tmp_path) as (one, two):
        one.ray(*HEAD[:2], "--include-dashboard=true")  # Ray Train asks it who is gone
        two.ray(JOIN)
        both = ["--workers-per-trial=2", "--cpus-per-trial=2", "--trials=1"]
        going = search(one, shared, JOIN, *both)
        wait_for(lambda: in_the_middle(run, set()) or going.poll() is not None)
        assert going.poll() is None, one.said()
        two.vanish()
        (before,) = curves(run).values()
        wait_for(lambda: "goes on elsewhere" in one.said() or going.poll() is not None)
        (shared / "two").unlink()
        two.come_back()
        two.ray(JOIN)
        assert going.wait(300) == 0, one.said()
    (trial,) = open_run(str(run)).trials()
    assert (trial.status, trial.error) == ("completed", None)
    assert [epoch["epoch"] for epoch in trial.curve] == list(range(1, EPOCHS + 1))
    assert trial.curve[: len(before)] == before
    assert (shared / "two").exists()  # it had a part in it
