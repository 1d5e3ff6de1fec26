"""The command line, in this process: what is wrong is one line and exit code 2."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_cases import LOADING
from typer.testing import CliRunner

from raynas.cli import app

SPACE = '''"""One dense layer."""
from raynas.nets import build_mlp as build
from raynas.space import Choice, Record

space = Record(layers=[Record(type="dense", units=Choice([8, 16]), activation="relu")])
'''


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Return a function that runs a command line in an empty folder: code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(list(arguments))
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Write what can be given wrongly; returns what there is before the command."""
    (tmp_path / "own.py").write_text(SPACE)
    (tmp_path / "no_python.py").write_text("space = (")
    (tmp_path / "raises.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "no_build.py").write_text(SPACE.replace(" as build", ""))
    (tmp_path / "no_net.py").write_text(
        SPACE + "\ndef build(value, shape, outputs):\n    raise KeyError('no such op')\n"
    )
    (tmp_path / "by_chance.py").write_text(
        "import random\nfrom raynas.nets import build_mlp as build\n"
        "from raynas.space import choose\n\n"
        "def space(pick):\n    return choose(pick, 'a', range(random.randint(3, 1000)))\n"
    )
    (tmp_path / "fake.parquet").write_text("a,b\n1,2\n")
    (tmp_path / "file").write_text("")
    (tmp_path / "broken.yaml").write_text("trials: [")
    table = pa.table({"x": [0.1, 0.2] * 50, "kind": ["a", "b"] * 50})
    pq.write_table(table, tmp_path / "table.parquet")
    (tmp_path / "runs/taken").mkdir(parents=True)
    (tmp_path / "runs/taken/run.yaml").touch()
    (tmp_path / "no_run").mkdir()
    return tree(tmp_path)


def tree(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if "__pycache__" not in path.parts)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("search --space chain_cn", "unknown space 'chain_cn'; expected one of chain_cnn, .*mlp"),
        ("search --space there/is/no.py", "space file there/is/no.py cannot be read: "),
        ("search --space no_python.py", "space file no_python.py, line 1: SyntaxError"),
        ("search --space raises.py", "raises.py, line 2: ZeroDivisionError: division by zero"),
        ("search --space no_build.py", "`build` is missing"),
        ("search --space no_net.py", "'no_net' does not fit the data: build raised KeyError"),
        ("search --strategy evo", "unknown strategy 'evo'; expected one of random, .*evolution"),
        ("search --data digit", "digit.*expected .*digits, synthetic"),
        ("search --data no/such.parquet", "no/such.parquet"),
        ("search --data fake.parquet", "fake.parquet.*[Pp]arquet"),
        ("search --data table.parquet --space mlp", "label.*'label'.*x, kind"),
        ("search --data table.parquet --space mlp --set label=kin", "'kin'.*x, kind"),
        ("search --data no_such_package:Data", "no_such_package.* cannot be imported"),
        ("search --metric accuracy", "unknown metric 'accuracy'; expected one of val_accuracy"),
        ("search --set popsize=3", "unknown option 'popsize'; expected one of .*population"),
        (
            "search --set candidates=3",
            "candidates: an option of strategy bayesian; this run's strategy is evolution",
        ),
        ("search --set batch_size=0", "batch_size: expected an integer from 1, got 0"),
        ("search --set batch_size", "--set: expected OPTION=VALUE like batch_size=64"),
        ("search --set a=[", "--set a: '\\[' cannot be read as a value"),
        ("search --trials 0", "trials: expected an integer from 1 or none, got 0"),
        ("search --name a/b", "name: expected a plain name without '/'"),
        ("search --name taken --space own.py", "run runs/taken exists; .*raynas resume runs/taken"),
        ("search --storage nope://x --space own.py", "storage 'nope://x' cannot be opened"),
        ("search --storage file/in --space own.py", "storage 'file/in' cannot be written"),
        ("search --address 127.0.0.1:1 --space own.py", "'127.0.0.1:1': no Ray .* refused; exp"),
        ("search --address ray://x:1 --space own.py", "'ray://x:1': expected auto, or HOST:PORT"),
        ("search --config broken.yaml", "broken.yaml is not YAML"),
        ("search --config none.yaml", "--config none.yaml cannot be read: .*No such file"),
        ("resume no_run", "no_run is no run folder: it has no run.yaml; expected"),
        ("resume nowhere", "nowhere is no run folder"),
        ("resume file", "file is no run folder"),
        ("status no_run", "no_run is no run folder"),
        ("status nope://x", "nope"),
        ("search --logger wandb", "logger: expected some of tensorboard, mlflow,.* got 'wandb'"),
        ("retrain no_run", "no_run is no run folder"),
        ("retrain nowhere --set limit", "--set: expected OPTION=VALUE"),
        ("export nowhere", "nowhere is no run folder"),
        ("export no_run --format tflite", "format: expected pytorch or onnx, got 'tflite'"),
        ("spaces chain", "unknown space 'chain'; expected one of"),
        ("spaces raises.py", "raises.py, line 2"),
        ("spaces by_chance.py", "by_chance.py: `space` depends on more than the picks: at 'a'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(call, files, tmp_path, ray_cluster, command, expected):
    code, out, err = call(*command.split())
    assert out in ("", LOADING)
    assert code == 2, err
    assert re.fullmatch(rf"raynas: .*{expected}.*\n", err)
    assert tree(tmp_path) == files, "it left something on the disk"


@pytest.mark.parametrize(
    "more", ["--cpus-per-trial 99", "--gpus-per-trial 9", "--cpus-per-trial 1.5 --gpus-per-trial 1"]
)
def test_more_resources_than_there_are(call, files, tmp_path, ray_cluster, more):
    code, out, err = call("search", "--space", "own.py", *more.split())
    assert (code, out) == (2, LOADING)
    assert re.fullmatch(
        r"raynas: a trial needs [\d.]+ CPUs and \d GPUs on one node, "
        r"more than there is room .*2 CPUs.*\n",
        err,
    )
    assert tree(tmp_path) == files


@pytest.mark.parametrize("command", ["serch", "search --no-such", "search --trials x", "resume"])
def test_typers_own_errors_are_exit_code_2(command):
    assert CliRunner().invoke(app, command.split()).exit_code == 2


def test_spaces_are_listed(call):
    code, out, err = call("spaces")
    assert (code, err) == (0, "")
    for name in ("mlp", "chain_cnn", "chain_cnn_training"):
        assert re.search(rf"^{name} +\w+", out, re.M)
    assert "raynas spaces NAME" in out


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mlp", ["2,528,920,800 architectures", "layers/0/units", "ordered", "10 numbers: "]),
        ("chain_cnn", ["32×32 colour images: ", "parameters", "MACs", "features/0"]),
        ("own.py", ["One dense layer.", "2 architectures", "8, 16", "digits (8×8 images): "]),
    ],
)
def test_a_space_is_described(call, files, name, expected):
    code, out, err = call("spaces", name)
    assert (code, err) == (0, "")
    for words in expected:
        assert words in out
    assert call("spaces", name, "--seed", "0")[1] == out
    assert "\x1b" not in out


BROKEN_BUILDS = {
    "two parameters": (
        "def build(value, shape):\n    ...\n",
        "build raised TypeError: build\\(\\) takes 2 positional arguments but 3 were given",
    ),
    "no module": (
        "def build(value, shape, outputs):\n    return 'a net'\n",
        "build returned a str, expected a torch.nn.Module",
    ),
    "outputs": (
        "from torch import nn\n\ndef build(value, shape, outputs):\n"
        "    return nn.Sequential(nn.Flatten(), nn.LazyLinear(7))\n",
        r"the net returned outputs of shape \(2, 7\) .* expected \(2, 10\): one for each class",
    ),
    "training": (
        "from raynas.nets import build_mlp\n\ndef build(value, shape, outputs):\n"
        "    return build_mlp(value, shape, outputs)\n\n"
        "space = Record(layers=[], training=Record(lr=Choice([0.1, 0.2])))\n",
        "training/lr: unknown option; expected some of .*learning_rate",
    ),
}


@pytest.mark.parametrize(("source", "expected"), BROKEN_BUILDS.values(), ids=BROKEN_BUILDS)
@pytest.mark.parametrize("command", ["spaces own.py", "search --space own.py --trials 2"])
def test_a_space_whose_nets_do_not_work(call, tmp_path, ray_cluster, command, source, expected):
    (tmp_path / "own.py").write_text(f"{SPACE}\n{source}")
    code, out, err = call(*command.split())
    assert code == 2, out
    assert re.fullmatch(rf"raynas: .*{expected}.*\n", err)
    assert not (tmp_path / "runs").exists()


def test_a_space_without_build_is_described_as_well(call, tmp_path):
    source = """
from raynas.space import Infeasible, choose

def space(pick):
    depth = choose(pick, "depth", [1, 2, 3], ordered=True)
    if depth == 3:
        raise Infeasible("3 is too deep")
    return {"units": [choose(pick, f"units/{i}", [16, 32]) for i in range(depth)]}
"""
    (tmp_path / "mine.py").write_text(source)
    code, out, err = call("spaces", str(tmp_path / "mine.py"))
    assert (code, err) == (0, "")
    assert "6 architectures" in out
    assert "of 200 random draws are not legal, the first because: 3 is too deep" in out
    assert "the file has no `build(value, input_shape, num_outputs)`" in out


def test_a_space_with_nothing_open(call, tmp_path):
    (tmp_path / "own.py").write_text(SPACE.replace("Choice([8, 16])", "8"))
    code, out, err = call("spaces", "own.py")
    assert (code, err) == (0, "")
    assert "1 architecture: nothing is open, so nothing can be searched" in out
    assert out.count("units") == 1


def test_spaces_says_what_the_macs_leave_out(call, tmp_path):
    (tmp_path / "weighted.py").write_text(
        """'''A layer that multiplies in a way of its own.'''
import torch
from raynas.space import Choice, Record
space = Record(bias=Choice([True, False]))

class Weighted(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(outputs, inputs))

    def forward(self, inputs):
        return (inputs[:, None] * self.weight).sum(-1)

def build(value, shape, outputs):
    return torch.nn.Sequential(torch.nn.Flatten(), Weighted(torch.Size(shape).numel(), outputs))
"""
    )
    code, out, err = call("spaces", "weighted.py")
    assert (code, err) == (0, "")
    assert "640 parameters, 0 MACs" in out
    assert out.count("the MACs leave out what has no formula: 1 (Weighted)") == 1


def test_help_teaches():
    def help_of(*command: str) -> str:
        result = CliRunner().invoke(
            app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
        )
        assert result.exit_code == 0
        return result.output

    for command in ("search", "resume", "status", "retrain", "export", "spaces"):
        assert command in help_of()
        assert "--help" in help_of(command)
    text = help_of("search")
    for default in ("chain_cnn", "evolution", "digits", "10", "val_accuracy", "runs", "3"):
        assert f"[default: ({default})]" in text
    assert "Example: raynas search" in text
    assert "Example: raynas resume" in help_of("resume")
    assert "[default: 0]" in help_of("spaces")


def test_help_comes_within_a_second():
    best = float("inf")
    for _ in range(3):
        # CPU time: on a busy machine the clock would measure the others
        start = os.times().children_user + os.times().children_system
        done = subprocess.run(
            [sys.executable, "-c", "from raynas.cli import main; main()", "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        best = min(best, os.times().children_user + os.times().children_system - start)
    assert "search" in done.stdout
    assert best < 1
