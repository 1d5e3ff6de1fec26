"""SIGKILL at random moments: of the driver, its workers and Ray's processes; in every command.

The suite's slow part: `pytest --slow tests/engine/test_random_kills.py`.
"""

import json
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from command_cases import SLOW_SPACE, Command, command
from run_cases import SPACE, facts, wait_for, write_space

from raynas.runs.run_folder import open_run
from raynas.runs.trial import Trial

pytestmark = pytest.mark.slow

KILLS = 25
TRIALS = 40
STRATEGIES = {
    "evolution": ["--set=population=4", "--set=tournament=2"],
    "bayesian": ["--set=initial=6", "--set=candidates=60"],
    "reinforce": [],
    "darts": ["--set=supernet_epochs=40"],
}
CHAINS = SPACE.replace("units=Choice([8, 12, 16, 24, 32, 48])", "units=8")


def searching(folder: Path, strategy: str, workers: int, name: str) -> list[str]:
    write_space(folder, CHAINS if strategy == "darts" else SLOW_SPACE)
    common = ["--space=own.py", f"--trials={TRIALS}", "--epochs=2", "--seed=3", "--set=limit=130"]
    share = [f"--concurrency={workers}", f"--cpus-per-trial={1 if workers == 1 else 0.5}"]
    options = [*common, *share, *STRATEGIES[strategy], f"--strategy={strategy}"]
    return ["search", *options, "--set=batch_size=64", f"--name={name}"]


def trials_of(run: Path) -> list[Trial]:
    return list(open_run(str(run)).trials()) if (run / "run.yaml").exists() else []


def whole(rows: list[Trial]) -> list[tuple[Any, ...]]:
    """Every row, times included."""
    return [(t.started_at, t.finished_at, t.train_seconds, *facts([t])) for t in rows]


def no_row_is_lost(before: list[Trial], after: list[Trial]) -> None:
    assert whole(after)[: len(before)] == whole(before), "a row has changed"
    numbers = [trial.number for trial in after]
    assert len(set(numbers)) == len(numbers), f"a number is there twice: {sorted(numbers)}"
    for trial in after:
        epochs = [epoch["epoch"] for epoch in trial.curve]
        assert epochs == list(range(1, len(epochs) + 1)), f"epochs trained twice: {epochs}"


def until_done(folder: Path, what: list[str], run: Path) -> None:
    resume = ["resume", str(run)] if (run / "run.yaml").exists() else what
    with command(folder, *resume) as driver:
        code, _, err = driver.end()
    assert (code, err) == (0, "")


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_driver_is_killed_at_random_moments(
    tmp_path: Path, strategy: str, workers: int
) -> None:
    chance = random.Random(f"{strategy} {workers}")
    what, run = searching(tmp_path, strategy, workers, "run"), tmp_path / "runs/run"
    before: list[Trial] = []
    for kill in range(KILLS):
        resume = ["resume", str(run)] if (run / "run.yaml").exists() else what
        with command(tmp_path, *resume) as driver:
            if kill % 3:  # in two of three the trials have begun
                one_more_row(driver, run, len(before))
                time.sleep(chance.uniform(0, 2))
            else:
                time.sleep(chance.uniform(0, 12))
            driver.end(signal.SIGKILL)
            wait_for(driver.gone, 10)
        after = trials_of(run)
        no_row_is_lost(before, after)
        before = after
    until_done(tmp_path, what, run)
    after = trials_of(run)
    no_row_is_lost(before, after)
    # a supernet is followed by what it found: the last number may have no room for such a pair
    wanted = TRIALS - (strategy == "darts" and len(after) < TRIALS)
    assert sorted(trial.number for trial in after) == list(range(wanted))
    ids = [trial.architecture.id for trial in after if trial.proposal.supernet is None]
    assert len(set(ids)) == len(ids), "an architecture was trained twice"
    if workers == 1:
        with command(tmp_path, *searching(tmp_path, strategy, workers, "whole")) as driver:
            assert driver.end()[0] == 0
        renamed = [(row[0], row[1].replace("whole", "run"), *row[2:]) for row in
                   facts(trials_of(tmp_path / "runs/whole"))]  # fmt: skip
        assert facts(after) == renamed


def one_more_row(driver: Command, run: Path, rows: int) -> None:
    wait_for(lambda: len(trials_of(run)) > rows or driver.process.poll() is not None)


@pytest.mark.parametrize("target", ["worker", "raylet", "gcs_server"])
def test_a_process_of_rays_is_killed_at_random_moments(tmp_path: Path, target: str) -> None:
    chance = random.Random(target)
    what, run = searching(tmp_path, "evolution", 2, "run"), tmp_path / "runs/run"
    kills, before = 0, []
    while kills < 8:
        resume = ["resume", str(run)] if (run / "run.yaml").exists() else what
        with command(tmp_path, *resume) as driver:
            one_more_row(driver, run, len(before))
            while driver.process.poll() is None and kills < 8:
                time.sleep(chance.uniform(0, 2))
                kills += kill_one(driver, target, chance)
                if target != "worker":
                    break
            code, _, err = driver.end()
            wait_for(driver.gone, 10)
        assert code == (0 if target == "worker" else 1), err
        after = trials_of(run)
        no_row_is_lost(before, after)
        before = after
        if len(after) == TRIALS:
            break
    assert kills >= 2
    if len(before) < TRIALS:
        until_done(tmp_path, what, run)
    after = trials_of(run)
    no_row_is_lost(before, after)
    assert sorted(trial.number for trial in after) == list(range(TRIALS))


def is_a(process: psutil.Process, target: str) -> bool:
    if target == "worker":
        return "CandidateTrial" in "".join(process.cmdline())
    return process.name() == target


def kill_one(driver: Command, target: str, chance: random.Random) -> int:
    """Kill a process of that kind, if there is one; return how many were."""
    try:
        children = psutil.Process(driver.process.pid).children(recursive=True)
        named = [p for p in children if is_a(p, target)]
    except psutil.NoSuchProcess:
        return 0
    if not named:
        return 0
    chance.choice(named).kill()
    return 1


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    write_space(folder, SPACE)
    what = ["search", "--space=own.py", "--trials=4", "--epochs=2", "--name=run", "--set=limit=130"]
    with command(folder, *what, "--strategy=random") as driver:
        assert driver.end()[0] == 0
    return folder


@pytest.mark.parametrize(
    ("what", "made"),
    [
        (["retrain", "runs/run", "--epochs=6", "--seeds=2"], "best/architecture.json"),
        (["export", "runs/run", "--format=onnx"], ".onnx"),
        (["report", "runs/run"], "report.html"),
    ],
    ids=["retrain", "export", "report"],
)
def test_what_comes_after_a_search_is_killed_at_random_moments(
    finished: Path, tmp_path: Path, what: list[str], made: str
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    run = tmp_path / "runs/run"
    before, chance = whole(trials_of(run)), random.Random(what[0])
    with command(tmp_path, *what) as driver:
        started = time.monotonic()
        assert driver.end()[0] == 0
        took = time.monotonic() - started
    for folder in ("retrained", "exported"):
        shutil.rmtree(run / folder, ignore_errors=True)
    for _ in range(KILLS):
        with command(tmp_path, *what) as driver:
            time.sleep(chance.uniform(0, took))
            driver.end(signal.SIGKILL)
            wait_for(driver.gone, 10)
        assert whole(trials_of(run)) == before
        assert "</html>" in (run / "report.html").read_text()
    with command(tmp_path, *what) as driver:
        code, _, err = driver.end()
    assert (code, err) == (0, "")
    files = [path for path in run.rglob("*") if path.is_file()]
    assert any(str(path).endswith(made) for path in files)
    assert not [path for path in files if path.name.endswith((".tmp", ".part"))]
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text())
