"""The command `raynas` itself: what it prints, and how it ends when it is interrupted."""

import re
import shutil
import signal

import pytest
from command_cases import OWN_DATA, SLOW_SPACE, command, epochs_written, rows
from run_cases import wait_for, write_space

from raynas.runs.run_folder import open_run


def test_interrupted_it_ends_cleanly_and_says_how_to_go_on(tmp_path):
    """With the user's own space and data module, found from the folder that they type in."""
    write_space(tmp_path, SLOW_SPACE)
    (tmp_path / "my_data.py").write_text(OWN_DATA)
    run = tmp_path / "runs/mine"
    going_on = r"Interrupted\. Go on with: raynas resume runs/mine\n"
    flags = ["--trials=4", "--epochs=10", "--name=mine"]
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
        assert code == 143, out + err
        assert re.search(going_on + r"\Z", out + err)
        wait_for(driver.gone, 10)
    with command(tmp_path, "resume", "runs/mine") as driver:
        code, out, err = driver.end()
        assert (code, err) == (0, "")
    trials = list(open_run(str(run)).trials())
    assert sorted(trial.number for trial in trials) == [0, 1, 2, 3]
    assert {trial.status for trial in trials} == {"completed"}
    assert {trial.epochs for trial in trials} == {10}


@pytest.mark.parametrize("verbose", [False, pytest.param(True, marks=pytest.mark.slow)])
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
        rf"architecture +{re.escape(best.description)}",
        rf"validation +accuracy {best.metrics['val_accuracy']:.4f}, F1 .*",
        rf"test +accuracy {best.test['test_accuracy']:.4f}, F1 .*measured once.*",
        rf"parameters +{best.metrics['params']:,.0f}",
        r"raynas status runs/a",
        r"raynas resume runs/a --trials 6",
    ):
        assert any(re.fullmatch(expected, line) for line in lines), (expected, out)
