"""A run of `darts`: a supernet's trial, then the architecture it derives, in one record."""

import io
import re
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
from command_cases import LOADING, command, epochs_written
from rich.console import Console
from run_cases import facts, wait_for, write_space, write_table

import raynas
from raynas.cli import app
from raynas.options.command_options import ReplayCall
from raynas.runs.endings import RunFailed
from raynas.runs.run_folder import RunFolder, open_run
from raynas.simulation.run_replay import replay
from raynas.space import load_space
from raynas.space.relaxation import relax
from raynas.terminal.outcome import show_result
from raynas.terminal.status import show_status

SPACE = '''"""Small cells."""
import time

from raynas.nets import build_staged_cells
from raynas.space import Cell, Record

space = Record(cell=Cell(["none", "skip_connect", "nor_conv_1x1"], 2))


def build(value, input_shape, num_outputs):
    return build_staged_cells(value, input_shape, num_outputs, channels=4, cells=1)
'''
OPTIONS = {"supernet_epochs": 4, "supernet_batch_size": 32, "limit": 160}
COMMON = {"strategy": "darts", "epochs": 2, "seed": 1, "options": OPTIONS}


@pytest.fixture(scope="module")
def run(tmp_path_factory, ray_cluster) -> RunFolder:
    home = tmp_path_factory.mktemp("darts")
    space = write_space(home, SPACE)
    raynas.search(space=space, name="one", storage=str(home / "runs"), **COMMON)
    return open_run(str(home / "runs/one"))


def said(what, *arguments) -> str:
    text = io.StringIO()
    what(*arguments, Console(file=text, width=2000))
    return text.getvalue()


def test_a_supernet_and_its_architecture_are_in_the_record(run):
    assert run.config.trials == 2
    supernet, derived = list(run.trials())
    assert [supernet.status, derived.status] == ["completed", "completed"]
    assert [supernet.epochs, derived.epochs] == [4, 2]
    assert supernet.architecture == relax(load_space(f"{run.folder.path}/space.py").space)
    assert supernet.proposal.supernet.method == "beta-darts"
    assert supernet.derived == derived.architecture
    assert derived.proposal.parents == (0,)
    assert (derived.proposal.supernet, derived.derived) == (None, None)
    assert supernet.curve[-1]["picks"] == derived.architecture.picks
    assert [epoch["epoch"] for epoch in supernet.curve] == [1, 2, 3, 4]


def test_a_supernets_metrics_are_none_of_a_candidates(run):
    table = pd.read_parquet(f"{run.folder.path}/trials").set_index("number")
    supernet, derived = table.loc[0], table.loc[1]
    assert pd.isna(supernet.val_accuracy)
    assert pd.isna(supernet.params)
    assert 0 <= supernet.supernet_val_accuracy <= 1
    assert pd.isna(derived.supernet_val_accuracy)
    assert derived.val_accuracy >= 0
    assert run.best().number == 1
    assert "test_accuracy" in run.best().test
    assert {path.name for path in Path(run.folder.path, "checkpoints").iterdir()} == {"one_00001"}


def test_what_is_printed_is_true(run):
    status = said(show_status, run.folder.uri)
    assert "one: finished, 2 of 2 trials done, 0 failed" in status
    assert "2 trials, supernets (4 epochs) and the architectures that they derive (2 epo" in status
    assert re.search(r"supernet trial 0: 4 epochs, derived cell: node 1 = ", status)
    result = said(show_result, run)
    assert "trial 1 of 2" in result
    assert re.search(r"raynas resume \S+ --trials 4", result)


def test_more_trials_are_another_supernet_with_another_seed(run, tmp_path):
    before = list(run.trials())
    shutil.copytree(run.folder.path, tmp_path / "more")
    raynas.resume(tmp_path / "more", trials=4)
    trials = list(open_run(str(tmp_path / "more")).trials())
    assert facts(iter(trials[:2])) == facts(iter(before))
    supernets = [trial for trial in trials if trial.proposal.supernet is not None]
    assert len(supernets) == 2
    assert supernets[0].curve[0]["strengths"] != supernets[1].curve[0]["strengths"]
    derived = [trial.architecture.id for trial in trials if trial.proposal.supernet is None]
    assert len(derived) == len({supernet.derived.id for supernet in supernets})


def test_killed_while_the_supernet_trains_it_is_the_run_that_it_would_have_been(run, tmp_path):
    slow = SPACE.replace(
        "    return build",
        "    net = build",
    ) + ("    net.register_forward_hook(lambda *_: time.sleep(0.05))\n    return net\n")
    space = write_space(tmp_path, slow)
    pairs = [f"--set={name}={value}" for name, value in OPTIONS.items()]
    folder = tmp_path / "runs/one"
    search = ["search", f"--space={space}", "--strategy=darts", "--epochs=2", "--seed=1", *pairs]
    with command(tmp_path, *search, "--name=one") as driver:
        wait_for(lambda: epochs_written(folder) or driver.process.poll() is not None)
        code, _, err = driver.end(signal.SIGKILL)
        assert code == -signal.SIGKILL, err
        wait_for(driver.gone, 10)
    assert not (folder / "trials/00000.parquet").exists()
    quiet = epochs_written(folder)
    time.sleep(1)
    assert epochs_written(folder) == quiet
    with command(tmp_path, "resume", str(folder)) as driver:
        code, out, err = driver.end()
        assert (code, err) == (0, "")
    assert "trial 0: supernet, 4 epochs, derived cell" in out
    again = open_run(str(folder))
    expected = list(run.trials())[:2]
    assert facts(again.trials()) == facts(iter(expected))
    assert again.best().test == open_run(run.folder.uri).best().test


def test_a_supernet_that_fails_ends_the_run_with_its_reason(ray_cluster, tmp_path):
    space = write_space(tmp_path, SPACE)
    options = {**OPTIONS, "weights_learning_rate": 1e30, "weights_clip": 1e30}
    with pytest.raises(RunFailed, match=r"all 1 trials failed; .* loss is (nan|inf) in ep"):
        raynas.search(
            space=space, name="bad", storage=str(tmp_path), **{**COMMON, "options": options}
        )


NO_NET = """
from torch import nn
from raynas.space import Cell, Record
space = Record(cell=Cell(["none", "conv"], 2))
def build(value, input_shape, num_outputs):
    value["cell"]["nodes"][0][0]["op"].upper()
    return nn.Sequential(nn.Flatten(), nn.Linear(64, num_outputs))
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--space hierarchical", "the space cannot be relaxed into a supernet: .*what can be are"),
        ("--space macro_cnn", "the space cannot be relaxed into a supernet: "),
        (
            "--space no_net.py",
            "no_net.*its build cannot make a net of the relaxed space .*AttributeError",
        ),
        ("--space own.py --trials 1", "trials: darts needs at least 2, a supernet and .*, got 1"),
        ("--space own.py --scheduler asha", "scheduler: expected none with darts, which trains"),
        ("--space own.py --set method=dart", "method: .*darts.*gdas"),
        ("--space own.py --set supernet_epochs=0", "supernet_epochs: expected an integer from 1"),
        ("--space own.py --set order=2 --set method=gdas", "order: sampling"),
        ("--space own.py --set precision=16-mixed", "precision: a supernet trains with 32-true"),
        (
            "--space own.py --set population=3",
            "population: an option of strategy evolution; this run's strategy is darts",
        ),
    ],
)
def test_what_darts_cannot_do_is_said_in_one_line(
    ray_cluster, tmp_path, monkeypatch, capfd, arguments, expected
):
    write_space(tmp_path, SPACE)
    write_space(tmp_path, NO_NET, "no_net.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        app(["search", "--strategy", "darts", "--data", "digits", *arguments.split()])
    out, err = capfd.readouterr()
    assert ended.value.code == 2
    assert out in ("", LOADING)
    assert re.fullmatch(rf"raynas: .*{expected}.*\n", err)
    assert not (tmp_path / "runs").exists()


def test_replay_refuses_it(tmp_path):
    table = write_table(tmp_path / "t.parquet")
    call = ReplayCall(
        space="nasbench201", table=table, key="x", signal="y", strategy="darts", trials=2,
        output=str(tmp_path / "out.parquet"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="strategy darts learns from training a supernet, which"):
        replay(call)
