"""The command `raynas` itself: killed at any moment and resumed, and the processes it leaves."""

import signal
import time

import pytest
from command_cases import SLOW_SPACE, command, epochs_written, rows
from run_cases import checkpoints, facts, record, wait_for, write_space

import raynas
from raynas.runs.run_folder import open_run


@pytest.mark.parametrize(
    ("scheduler", "kills"), [("none", 2), pytest.param("asha", 2, marks=pytest.mark.slow)]
)
def test_killed_again_and_again_it_is_the_run_that_it_would_have_been(
    ray_cluster, tmp_path, scheduler, kills
):
    write_space(tmp_path, SLOW_SPACE)
    options = {"population": 2, "tournament": 2, "limit": 130, "batch_size": 32}
    if scheduler == "asha":
        options["reduction_factor"] = 2
    common = {
        "scheduler": scheduler,
        "space": str(tmp_path / "own.py"),
        "trials": 7,
        "strategy": "evolution",
        "epochs": 3,
        "seed": 4,
    }
    whole = raynas.search(
        **common, concurrency=1, name="run", storage=str(tmp_path / "whole"), options=options
    )
    pairs = [f"--set={name}={value}" for name, value in options.items()]
    flags = [f"--{name}={value}" for name, value in common.items()]
    run = tmp_path / "runs/run"
    search = ["search", *flags, *pairs, "--concurrency=1", "--name=run"]
    moments = [  # in the middle of a trial, at once after its proposal
        lambda: epochs_written(run),
        lambda: checkpoints(run) - known,
    ]
    for moment in moments[:kills]:
        done = rows(run)
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
    assert facts(open_run(str(run)).trials()) == facts(record(whole))
    ids = [fact[2] for fact in facts(record(whole))]
    assert len(set(ids)) == 7
    assert any(t.status == "stopped" for t in record(whole)) == (scheduler == "asha")
    best, expected = open_run(str(run)).best(), whole.best()
    assert best is not None
    assert expected is not None
    assert best.test == expected["test"]
