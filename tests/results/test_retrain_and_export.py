"""From a search to a network in use: retrained, exported, run without raynas, in this process."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
import torch
from run_cases import SPACE, checkpoints, facts, record, write_space

import raynas
from raynas.data import load_data
from raynas.runs.trial import Trial

OPTIONS = {"population": 2, "tournament": 2, "batch_size": 128}
TRAINED = (
    SPACE.replace("layers=", "training=Record(learning_rate=Choice([0.01, 0.02])), layers=")
    .replace("[8, 12, 16, 24, 32, 48]", "WIDTHS")
    .replace("from raynas.nets", "from my_widths import WIDTHS\nfrom raynas.nets")
)
"""A space in which the learning rate is searched, too, and which imports a module of its own."""


@pytest.fixture(scope="module")
def run(tmp_path_factory, ray_cluster) -> raynas.Run:
    """A finished search of which two checkpoints are kept, the space file and its module gone."""
    home = tmp_path_factory.mktemp("home")
    write_space(home / "mine", "WIDTHS = [8, 16, 24, 32]", "my_widths.py")
    run = raynas.search(
        space=write_space(home / "mine", TRAINED),
        strategy="evolution",
        trials=3,
        epochs=2,
        keep=2,
        seed=1,
        name="found",
        storage=str(home / "runs"),
        options=OPTIONS,
    )
    shutil.rmtree(home / "mine")
    return run


@pytest.fixture(scope="module")
def retrained(run) -> raynas.Run:
    """Two seeds, with another learning rate, of the second best."""
    return run.retrain(rank=2, epochs=3, seeds=2, options={"learning_rate": 0.03})


@pytest.fixture
def copy(run, tmp_path: Path) -> raynas.Run:
    """The run before anything was made of it, at another place."""
    folder = Path(run.folder)
    skipped = shutil.ignore_patterns("retrained", "exported")
    return raynas.open_run(shutil.copytree(folder, tmp_path / "copy", ignore=skipped))


def ranked(run: raynas.Run):
    return run.trials.sort_values("val_accuracy", ascending=False, kind="stable")


def by_seed(run: raynas.Run) -> list[Trial]:
    return sorted(record(run), key=lambda trial: trial.number)


def validation() -> tuple[np.ndarray, np.ndarray]:
    data = load_data("digits")
    return data.inputs["validation"], data.labels["validation"]


def test_the_table_of_trials(run):
    frame = run.trials
    assert frame.number.tolist() == [0, 1, 2]
    assert frame.architecture[0]["layers"][0]["type"] == "dense"
    assert frame.description[0].startswith("dense ")
    assert [epoch["epoch"] for epoch in frame.curve[0]] == [1, 2]
    assert frame.val_accuracy.between(0, 1).all()
    assert "found: finished, 3 of 3 trials done" in run.status()
    assert repr(run).startswith(f"Run({run.folder!r}, space=")


def test_a_retraining_is_a_run_of_one_architecture_over_seeds(run, retrained):
    wanted = ranked(run).iloc[1]
    folder = Path(run.folder) / f"retrained/trial-{wanted.number:05d}"
    assert retrained.folder == str(folder)
    frame = retrained.trials
    assert frame.number.tolist() == [0, 1]
    assert all(value["layers"] == wanted.architecture["layers"] for value in frame.architecture)
    assert set(frame.epochs) == {3}
    assert frame.val_loss.is_unique, "the seeds are the same"
    best = retrained.best()
    assert best["number"] == wanted.number
    assert best["run"] == "found"
    assert best["searched"]["val_accuracy"] == wanted.val_accuracy
    assert best["training"]["learning_rate"] == 0.03
    assert best["training"]["batch_size"] == 128
    assert best["retrained"]["epochs"] == 3
    assert [seed["test_accuracy"] for seed in best["retrained"]["seeds"]] == list(
        frame.test_accuracy
    )
    assert best["metrics"]["val_accuracy"] == frame.val_accuracy.max()
    assert checkpoints(folder) == set(frame.trial_id)
    said = retrained.status()
    assert f"{folder.name}: finished, 2 of 2 seeds done, 0 failed" in said
    assert f"full training of trial {wanted.number} of found on digits, 2 seeds of 3 epochs" in said
    assert "test_accuracy" in said
    assert not re.search(" $", said, re.MULTILINE)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert f"Trial {wanted.number} of found, trained in full on digits: 2 seeds of 3" in html
    assert f"raynas resume {folder} --trials 4" in html


def test_each_seed_is_tested_with_its_last_weights(retrained):
    data = load_data("digits")
    net = raynas.load(retrained.folder)
    right = net(torch.from_numpy(data.inputs["test"])).argmax(1).numpy() == data.labels["test"]
    assert right.mean() == pytest.approx(retrained.best()["test"]["test_accuracy"])


def test_a_search_never_looks_at_the_test_data(run):
    assert not [name for name in run.trials.columns if name.startswith("test")]


def test_a_retraining_goes_on_and_gets_more_seeds(run, retrained, copy):
    one = copy.retrain(rank=2, epochs=3, options={"learning_rate": 0.03})
    wanted = facts(by_seed(retrained))
    assert facts(by_seed(one)) == wanted[:1]
    (before,) = by_seed(one)
    shutil.rmtree(Path(one.folder) / "trials")  # as if killed before the row was written
    (Path(one.folder) / "record.json").unlink()
    again = raynas.resume(one.folder)
    assert facts(by_seed(again)) == wanted[:1]
    assert by_seed(again)[0].train_seconds == before.train_seconds, "it was trained again"
    more = copy.retrain(rank=2, seeds=2)
    assert facts(by_seed(more)) == wanted
    assert [seed["seed"] for seed in more.best()["retrained"]["seeds"]] == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rank": 4}, r"rank: expected 1 to 3, got 4"),
        ({"rank": 2, "epochs": 9}, r"is a retraining with epochs 3, not 9; choose another --name"),
        ({"rank": 1, "name": "trial-{}"}, r"is a retraining with trial \d, not \d; choose another"),
        ({"options": {"limit": 9}}, r"'limit' is not one of the training; expected .*batch_size"),
        ({"options": {"learning_rate": -1}}, r"learning_rate: expected a number above 0, got -1"),
        ({"cpus_per_trial": 99}, r"a trial needs 99 CPUs"),
    ],
)
def test_what_cannot_be_retrained(run, retrained, wrong, said):
    if "name" in wrong:
        wrong = {**wrong, "name": Path(retrained.folder).name}
    before = sorted(Path(run.folder).rglob("run.yaml"))
    with pytest.raises(ValueError, match=said):
        run.retrain(**wrong)
    assert sorted(Path(run.folder).rglob("run.yaml")) == before


PROGRAM = """
import sys
import numpy as np
import torch

net = torch.export.load(sys.argv[1]).module()
inputs = torch.from_numpy(np.load(sys.argv[2]))
outputs = [net(inputs[:size]) for size in (1, 3, len(inputs))]
assert not {"raynas", "pytorch_lightning", "ray"} & set(sys.modules)
np.save(sys.argv[3], torch.cat(outputs).detach().numpy())
"""

ONNX = """
import sys
import numpy as np
import onnxruntime

net = onnxruntime.InferenceSession(sys.argv[1])
inputs = np.load(sys.argv[2])
outputs = [net.run(None, {"inputs": inputs[:size]})[0] for size in (1, 3, len(inputs))]
assert "torch" not in sys.modules
np.save(sys.argv[3], np.concatenate(outputs))
"""


@pytest.mark.parametrize("format_", ["pytorch", "onnx"])
def test_an_export_runs_without_raynas(run, tmp_path, format_):
    """Somewhere else, in a process that cannot see raynas, on a dynamic batch of raw inputs."""
    folder = Path(run.export(format=format_, output=tmp_path / "out"))
    inputs, _ = validation()
    np.save(tmp_path / "inputs.npy", inputs)
    code = PROGRAM if format_ == "pytorch" else ONNX
    file = folder / ("network.pt2" if format_ == "pytorch" else "network.onnx")
    subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", code, file, "inputs.npy", "outputs.npy"],
        cwd=tmp_path,
        check=True,
    )
    if format_ == "pytorch":
        with zipfile.ZipFile(file) as parts:
            told = b"".join(map(parts.read, parts.namelist()))
        assert str(Path(raynas.__file__).parent).encode() not in told
    net = run.network()
    tensor = torch.from_numpy(inputs)
    with torch.no_grad():
        expected = torch.cat([net(tensor[:1]), net(tensor[:3]), net(tensor)]).numpy()
    assert np.allclose(np.load(tmp_path / "outputs.npy"), expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(raynas.load(str(folder))(tensor), net(tensor))
    assert {path.name for path in folder.iterdir()} == {
        *("architecture.json", "weights.safetensors", "space.py", "modules.zip", "README.md"),
        *("signature", file.name),
    }


def test_a_retrained_network_is_exported_where_there_is_one(run, retrained, copy, tmp_path):
    folder = run.export(rank=2, output=tmp_path / "out")
    found = json.loads((tmp_path / "out/architecture.json").read_text())
    assert found["exported"]["from"] == retrained.folder
    inputs = torch.from_numpy(validation()[0])
    assert torch.equal(raynas.load(folder)(inputs), raynas.load(retrained.folder)(inputs))
    card = (tmp_path / "out/README.md").read_text()
    for words in ("digits", "0, 1, 2, 3", "torch.export.load", "evolution", "of 2 seeds", "MACs"):
        assert words in card
    assert f"{mean(retrained.trials.params):,.0f} parameters" in card
    searched = Path(copy.export(rank=2))
    assert searched == Path(copy.folder) / f"exported/{searched.name}"
    text = (searched / "README.md").read_text()
    assert "not measured on the test data" in text
    trial = ranked(copy).iloc[1]
    accuracy = np.mean(
        np.array(raynas.load(str(searched)).predict(inputs)).astype(int) == validation()[1]
    )
    assert accuracy == pytest.approx(trial.val_accuracy)
    assert Path(copy.export(rank=2)) == searched, "an export can be repeated"


@pytest.mark.parametrize("format_", ["pytorch", "onnx"])
def test_int8_is_measured_before_and_after(copy, tmp_path, format_):
    folder = Path(copy.export(format=format_, quantize="int8"))
    made = json.loads((folder / "architecture.json").read_text())["exported"]
    int8 = made["int8"]
    assert int8["val_accuracy_before"] == pytest.approx(copy.best()["metrics"]["val_accuracy"])
    assert abs(int8["val_accuracy"] - int8["val_accuracy_before"]) < 0.1
    assert int8["bytes"] == (folder / int8["file"]).stat().st_size
    inputs, labels = validation()
    np.save(tmp_path / "inputs.npy", inputs)
    code = PROGRAM if format_ == "pytorch" else ONNX
    subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", code, folder / int8["file"], "inputs.npy",
         "outputs.npy"],
        cwd=tmp_path,
        check=True,
    )  # fmt: skip
    outputs = np.load(tmp_path / "outputs.npy")[4:]  # after batches of 1 and 3
    assert (outputs.argmax(axis=1) == labels).mean() == pytest.approx(int8["val_accuracy"])
    exact = copy.network()(torch.from_numpy(inputs)).detach().numpy()
    assert 0 < np.abs(outputs - exact).max() < 0.1 * np.abs(exact).max()
    card = (folder / "README.md").read_text()
    assert f"{int8['val_accuracy']:.4f}" in card
    assert int8["measured_on"] in card


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"format": "tflite"}, "format: expected pytorch or onnx, got 'tflite'"),
        ({"quantize": "int4"}, "quantize: expected int8 or none, got 'int4'"),
        ({"rank": 3}, r"the weights of trial \d were not kept .*best 2.*raynas retrain"),
        ({"output": "trials"}, "is not empty and no export"),
    ],
)
def test_what_cannot_be_exported(run, wrong, said):
    if "output" in wrong:
        wrong = {"output": f"{run.folder}/{wrong['output']}"}
    with pytest.raises(ValueError, match=said):
        run.export(**wrong)


@pytest.mark.parametrize(
    ("missing", "given", "extra"),
    [("onnxscript", {"format": "onnx"}, "onnx"), ("torchao", {"quantize": "int8"}, "int8")],
)
def test_one_line_says_what_to_install(run, monkeypatch, missing, given, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ValueError, match=rf"needs {missing}: pip install 'raynas\[{extra}\]'"):
        run.export(**given)
