"""Searches in this process, on real data and a real Ray, with budgets of seconds."""

import fcntl
import io
import json
import logging
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from rich.console import Console
from run_cases import SPACE, checkpoints, facts, record, write_space, write_table

import raynas
from raynas.data import load_data
from raynas.runs.endings import RunFailed
from raynas.runs.storage import open_folder
from raynas.terminal.status import show_status
from raynas.training.data_module import data_module

OPTIONS = {"population": 2, "tournament": 2, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def run(tmp_path_factory, ray_cluster) -> raynas.Run:
    """A run of the user's own space, whose file is gone afterwards."""
    home = tmp_path_factory.mktemp("home")
    space = write_space(home / "mine")
    run = raynas.search(
        space=space,
        strategy="evolution",
        trials=5,
        epochs=3,
        seed=1,
        name="first",
        storage=str(home / "runs"),
        keep=2,
        options=OPTIONS,
    )
    shutil.rmtree(home / "mine")
    return run


@pytest.fixture
def copy(run, tmp_path: Path) -> Path:
    """The run folder at another place."""
    return Path(shutil.copytree(run.folder, tmp_path / "moved"))


def test_latencies_are_measured_alone_after_the_search(run):
    measured = json.loads((Path(run.folder) / "latencies.json").read_text())
    assert measured["device"] == "cpu, 1 thread"
    kept = run.trials.sort_values("val_accuracy", ascending=False, kind="stable").number[:2]
    smallest = run.trials.sort_values(["params", "val_accuracy"], ascending=[True, False]).number
    assert {*map(str, kept), str(smallest.iloc[0])} <= measured["trials"].keys()
    for latency in measured["trials"].values():
        assert 0 < latency["low"] <= latency["median"] <= latency["high"]
    assert run.best()["latency_ms"] == measured["trials"][str(run.best()["number"])]["median"]


def test_damaged_weights_of_the_best_are_named_before_it_is_tested(run, copy):
    shutil.rmtree(copy / "best")
    weights = copy / "checkpoints" / run.best()["trial_id"] / "last.ckpt"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(RunFailed, match=r"last.ckpt, cannot be read .* raynas retrain"):
        raynas.resume(str(copy))
    assert not (copy / "best").exists()


def test_the_run_folder_holds_what_was_promised(run):
    folder = Path(run.folder)
    visible = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert visible == {
        *("run.yaml", "space.py", "signature", "record.json"),
        *("trials", "checkpoints", "best", "latencies.json", "report.html"),
    }
    assert {path.name for path in (folder / "best").iterdir()} == {
        "architecture.json",
        "weights.safetensors",
        "space.py",
        "signature",
        "README.md",
    }
    assert (folder / "space.py").read_text() == SPACE
    written = yaml.safe_load((folder / "run.yaml").read_text())
    assert written["seed"] == 1
    assert written["options"]["learning_rate"] == 0.01
    assert written["options"]["batch_size"] == 64
    assert "ray" in written["versions"]
    assert not run.interrupted


def test_the_record_is_one_table(run):
    table = pd.read_parquet(f"{run.folder}/trials").sort_values("number")
    assert table.number.tolist() == [0, 1, 2, 3, 4]
    assert table.architecture_id.is_unique
    assert set(table.status) == {"completed"}
    assert table.error.isna().all()
    assert set(table.epochs) == {3}
    assert (table.train_seconds > 0).all()
    assert (table.finished_at >= table.started_at).all()
    assert table.val_accuracy.between(0, 1).all()
    for metric in ("val_f1", "val_loss", "train_loss", "params", "macs"):
        assert table[metric].notna().all()
    for row in table.itertuples():
        curve = json.loads(row.curve)
        assert [epoch["epoch"] for epoch in curve] == [1, 2, 3]
        assert curve[-1]["val_accuracy"] == row.val_accuracy
    assert any(json.loads(parents) for parents in table.parents)


def test_only_the_best_are_kept_and_the_best_is_the_best(run):
    table = pd.read_parquet(f"{run.folder}/trials")
    ranked = table.sort_values(["val_accuracy"], ascending=False, kind="stable")
    assert checkpoints(Path(run.folder)) == set(ranked.trial_id[:2])
    best = run.best()
    assert best["trial_id"] == ranked.trial_id.iloc[0]
    assert best["metrics"]["val_accuracy"] == ranked.val_accuracy.iloc[0]


def test_the_best_network_does_what_was_measured(run, tmp_path):
    """Anywhere, with nothing but its folder, on the test split as it is stored."""
    shutil.copytree(f"{run.folder}/best", tmp_path / "taken")
    net = raynas.load(str(tmp_path / "taken"))
    assert not net.training
    module = data_module(load_data("digits"), 64, seed=0)
    module.setup("test")
    right = total = 0
    with torch.no_grad():
        for inputs, labels in module.test_dataloader():
            right += int((net(inputs).argmax(1) == labels).sum())
            total += len(labels)
    assert right / total == pytest.approx(run.best()["test"]["test_accuracy"])
    assert total in (359, 360)
    names = net.predict(inputs)
    assert names == [net.label_names[i] for i in net(inputs).argmax(1)]
    assert net.predict(inputs[0, 0].numpy()) == names[0]
    assert torch.equal(raynas.load(run.folder)(inputs), net(inputs))


def test_a_folder_without_a_network_says_so(run, tmp_path):
    for path in (tmp_path, tmp_path / "none", f"{run.folder}/trials"):
        with pytest.raises(ValueError, match="holds no network; expected a run that has ended"):
            raynas.load(str(path))


def test_a_finished_run_is_left_as_it_is(run, copy):
    """All but its report, which says when and where it was written."""

    def files():
        kept = (path for path in copy.rglob("*") if path.is_file() and path.name != "report.html")
        return {path: path.read_bytes() for path in kept}

    before = files()
    again = raynas.resume(str(copy))
    assert again.best() == run.best()
    assert files() == before


def test_a_moved_run_is_extended_without_training_anything_again(run, copy):
    longer = raynas.resume(str(copy), trials=8)
    old, new = facts(record(run)), facts(record(longer))
    assert new[:5] == old
    assert sorted(fact[0] for fact in new) == list(range(8))
    assert len({fact[2] for fact in new}) == 8
    assert yaml.safe_load((copy / "run.yaml").read_text())["trials"] == 8
    best = max(record(longer), key=lambda trial: trial.metrics["val_accuracy"])
    assert longer.best()["metrics"]["val_accuracy"] == best.metrics["val_accuracy"]
    assert len(checkpoints(copy)) == 2


def test_an_interrupted_extension_is_no_finished_run(run, copy):
    text = (copy / "run.yaml").read_text()
    (copy / "run.yaml").write_text(text.replace("trials: 5", "trials: 9"))
    said = io.StringIO()
    show_status(str(copy), Console(file=said, width=200))
    assert "first: interrupted, 5 of 9 trials done" in said.getvalue()


def test_a_run_whose_name_is_taken(run):
    with pytest.raises(ValueError, match="first exists; choose another --name, or go on with"):
        raynas.search(name="first", storage=str(Path(run.folder).parent))


def test_a_run_that_is_going_on_is_not_resumed_by_a_second_process(run, copy):
    with open(copy / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="is going on in another process"):
            raynas.resume(str(copy))


def test_tune_is_not_heard_in_a_ray_that_the_user_has_started(ray_cluster, tmp_path):
    logger, said = logging.getLogger("ray.tune"), []
    listener = logging.Handler()
    listener.emit = lambda message: said.append(message.getMessage())
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)
    try:
        raynas.search(
            data="synthetic", space="mlp", strategy="random", trials=2, epochs=1,
            storage=str(tmp_path), name="quiet", options={"limit": 100},
        )  # fmt: skip
        assert logger.level == logging.INFO
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before)
    assert said == []


def test_a_table_of_ones_own_with_the_loss_as_metric_in_a_remote_folder(ray_cluster, tmp_path):
    """The folder is one that only fsspec knows; the space has fewer architectures than trials."""
    few = SPACE.replace("[8, 12, 16, 24, 32, 48]", "[8, 48]").replace("1, 2)", "1, 1)")
    run = raynas.search(
        space=write_space(tmp_path, few),
        data=write_table(tmp_path / "table.parquet"),
        metric="val_loss",
        strategy="random",
        trials=9,
        epochs=4,
        keep=1,
        name="remote",
        storage=f"simplecache::file://{tmp_path}/far",
        options={"label": "species", "learning_rate": 0.1, "batch_size": 16},
    )
    trials = record(run)
    assert len(trials) == len({trial.architecture.id for trial in trials}) == 4
    best = min(trials, key=lambda trial: trial.metrics["val_loss"])
    assert run.best()["trial_id"] == best.trial_id
    assert run.best()["label_names"] == ["down", "up"]
    assert run.best()["test"]["test_accuracy"] > 0.8
    assert not run.interrupted
    found = open_folder(run.folder)
    assert raynas.load(f"{run.folder}/best")(torch.tensor([[0.9, 0.1]])).shape == (1, 2)
    assert [i.base_name for i in (found / "checkpoints").list()] == [best.trial_id]
    again = raynas.resume(run.folder)
    assert facts(record(again)) == facts(trials)
