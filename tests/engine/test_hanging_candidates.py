"""Candidates that never end."""

import shutil
import signal

import pytest
from command_cases import command, rows
from run_cases import record, wait_for, write_space

import raynas
from raynas.engine.overtime import Overtime

SPACE = '''"""Nets of which one sleeps for ever."""
import time

from torch import nn

from raynas.space import Choice, Record

space = Record(units=Choice([3, 4, 5, 6, 7, 8]))


class Sleeper(nn.Module):
    def forward(self, x):
        if self.training:
            time.sleep(10**6)
        return x


def build(value, input_shape, num_outputs):
    net = nn.Linear(input_shape[0], num_outputs)
    return nn.Sequential(net, Sleeper()) if value["units"] == 6 else net
'''
SEARCH = ("search", "--space=own.py", "--strategy=grid", "--data=synthetic", "--trials=6",
          "--epochs=1", "--set=limit=200", "--name=run")  # fmt: skip


def test_a_trial_is_ended_after_its_minutes(ray_cluster, tmp_path):
    run = raynas.search(
        space=write_space(tmp_path, SPACE),
        strategy="grid",
        data="synthetic",
        trials=6,
        epochs=1,
        trial_minutes=0.1,
        storage=str(tmp_path),
        options={"limit": 200},
    )
    failed = [trial for trial in record(run) if trial.status == "failed"]
    assert [trial.architecture.value for trial in failed] == [{"units": 6}]
    assert failed[0].error == "it took longer than --trial-minutes allows (0.1)"
    assert len(record(run)) == 6


def test_resume_goes_on_without_it(ray_cluster, tmp_path):
    write_space(tmp_path, SPACE)
    with command(tmp_path, *SEARCH) as driver:
        wait_for(lambda: rows(tmp_path / "runs/run") == 5 or driver.process.poll() is not None)
        driver.end(signal.SIGKILL)
    for options, error in (
        ({"trial_minutes": 0.05}, "it took longer than --trial-minutes allows (0.05)"),
        ({"leave_out": [3]}, "it was interrupted, and left out by --leave-out"),
    ):
        folder = tmp_path / next(iter(options)) / "run"
        shutil.copytree(tmp_path / "runs/run", folder)
        with pytest.raises(ValueError, match=r"expected the number of an unfinished trial \(3\)"):
            raynas.resume(str(folder), leave_out=[2])
        run = raynas.resume(str(folder), **options)
        trials = {trial.number: trial for trial in record(run)}
        assert sorted(trials) == [0, 1, 2, 3, 4, 5]
        assert [n for n, trial in trials.items() if trial.error] == [3]
        assert trials[3].error == error


def test_a_trial_that_takes_ten_times_the_median_is_warned_of():
    clock = [100.0]
    words: list[tuple[str, str]] = []
    overtime = Overtime(None, lambda *warning: words.append(warning), lambda: clock[0])

    def trial(name: str, seconds: float) -> None:
        overtime.begin(name)
        clock[0] += seconds
        list(overtime.look())
        overtime.end(name)

    for name, seconds in (
        ("a", 300.0),
        ("b", 2.0),
        ("c", 2.0),
        ("d", 19.0),
        ("f", 2.0),
        ("e", 21.0),
    ):
        trial(name, seconds)
    assert words == [
        (
            "e",
            " has been going on for 21.0 s, 10 times the median trial (2.0 s); --trial-minutes "
            "ends such trials, in `raynas resume` as well",
        )
    ]
