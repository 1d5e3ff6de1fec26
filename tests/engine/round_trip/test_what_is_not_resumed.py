"""What cannot be gone on with is refused in one line, before Ray starts, and stays as it is."""

import re
from pathlib import Path

import pytest
import ray
from command_cases import LOADING
from run_cases import SPACE, open_ledger, small_config, train, write_table

import raynas
from raynas.cli import app
from raynas.data import load_data
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import run_file
from raynas.runs.storage import open_folder


class RayStartedError(BaseException):
    """Nothing takes it for an error of Ray's."""


def begun(folder: Path, data: str, done: int = 4) -> Path:
    """Make the folder of a run of which so many of six trials are done."""
    options = {"label": "species", "limit": 200}
    config = small_config(data=data, trials=6, epochs=1, options=options).resolved()
    run = folder / "run"
    folder = open_folder(str(run))
    folder.make()
    fingerprint = load_data(data, config.data_options).fingerprint()
    make_run(folder, config, SPACE, file=run_file(config, fingerprint))
    train(open_ledger(run, config), done)
    return run


def refused(capfd: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that is refused says."""
    with pytest.raises(SystemExit) as ended:
        app(list(map(str, arguments)))
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (2, LOADING)
    assert re.fullmatch("raynas: .*\n", err)
    return err


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.fixture(autouse=True)
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*args: object, **options: object) -> None:
        raise RayStartedError

    monkeypatch.setattr(ray, "init", started)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)  # other tests share one


def test_fewer_trials_than_are_done(tmp_path, capfd):
    run = begun(tmp_path, "digits")
    before = content(run)
    said = refused(capfd, "resume", run, "--trials", 3)
    assert "has 4 already, and none is ever taken away; expected 4 or more, got 3" in said
    assert content(run) == before


@pytest.mark.parametrize("more", [[], ["--trials", "9"]])
def test_data_that_have_changed(tmp_path, capfd, more):
    table = write_table(tmp_path / "table.parquet", rows=240)
    run = begun(tmp_path, table)
    before = content(run)
    options = raynas.open_run(run).config.options
    assert options["limit"] == 200
    was = re.search("data_fingerprint: (.*)", (run / "run.yaml").read_text()).group(1)
    write_table(tmp_path / "table.parquet", rows=230)
    config = make_config(data=table, options={"label": "species", "limit": 200})
    now = load_data(table, config.data_options).fingerprint()
    assert was != now
    said = refused(capfd, "resume", run, *more)
    assert f"has changed since the run began: it was {was}, it is {now}; " in said
    assert content(run) == before


def fingerprint(config: RunConfig) -> str:
    return load_data(config.data, config.data_options).fingerprint()


def test_runs_of_two_seeds_share_their_splits():
    one, other = (make_config(seed=seed).resolved() for seed in (1, 2))
    assert fingerprint(one) == fingerprint(other)
    divided = make_config(seed=1, options={"data_seed": 5}).resolved()
    assert fingerprint(divided) != fingerprint(one)
    test = load_data("digits", one.data_options).inputs["test"]
    assert (test == load_data("digits", other.data_options).inputs["test"]).all()
    assert (test != load_data("digits", divided.data_options).inputs["test"]).any()


EDITED = {
    "seed": (("seed: 0", "seed: 7"), r"seed \(0 → 7\)"),
    "epochs": (("epochs: 1\n", "epochs: 9\n"), r"epochs \(1 → 9\)"),
    "data": (("data: digits", "data: synthetic"), r"data \(digits → synthetic\)"),
    "space": (("space: own.py", "space: mlp"), r"space \(own.py → mlp\)"),
    "metric": (("metric: val_accuracy", "metric: val_f1"), r"metric \(val_accuracy → val_f1\)"),
    "strategy": (("strategy: evolution", "strategy: random"), r"strategy \(evolution → random\)"),
    "name": (("name: run", "name: other"), r"name \(run → other\)"),
    "deduplicate": (("deduplicate: exact", "deduplicate: canonical"), "deduplicate"),
    "training": (("batch_size: 64", "batch_size: 32"), r"batch_size \(64 → 32\)"),
    "an option left out": (("  batch_size: 64\n", ""), ""),
    "splits": (("data_seed: 0", "data_seed: 1"), r"data_seed \(0 → 1\)"),
    "fingerprint": (("data_fingerprint: ", "data_fingerprint: not "), "data_fingerprint"),
    "fewer trials": (("trials: 6", "trials: 3"), "has 4 already, and none is ever taken away"),
}


@pytest.mark.parametrize("kind", EDITED)
def test_a_run_yaml_that_was_edited(tmp_path, capfd, kind):
    (old, new), words = EDITED[kind]
    run = begun(tmp_path, "digits")
    file = run / "run.yaml"
    text = file.read_text()
    assert old in text
    if kind == "strategy":  # with options that are legal for it
        text = text.replace("  population: 3\n", "").replace("  tournament: 2\n", "")
        text = text.replace("  crossover: 0.0\n", "")
    file.write_text(text.replace(old, new, 1))
    before = content(run)
    if not words:  # the default is what it was
        with pytest.raises(RayStartedError):
            raynas.resume(run)
        return
    said = refused(capfd, "resume", run)
    assert re.search(words, said)
    assert (
        kind == "fewer trials" or "what may be changed: trials, minutes, concurrency, cpus" in said
    )
    assert content(run) == before


def test_what_may_be_edited(tmp_path):
    run = begun(tmp_path, "digits")
    file = run / "run.yaml"
    text = file.read_text()
    for old, new in (
        ("trials: 6", "trials: 9"),
        ("keep: 3", "keep: 2"),
        ("cpus_per_trial: 1.0", "cpus_per_trial: 2"),
        ("storage: runs", "storage: elsewhere"),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    with pytest.raises(RayStartedError):
        raynas.resume(run)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda run: (run / "space.py").unlink(), "space.py is missing: nothing of the run can be"),
        (lambda run: (run / "space.py").write_text(SPACE + "#"), "its code was changed since"),
        (lambda run: (run / "signature").unlink(), "is not known to be made by this account"),
        (lambda run: (run / "modules.zip").write_bytes(b"x"), "its code was changed since"),
    ],
)
@pytest.mark.parametrize("command", ["resume", "retrain", "export"])
def test_code_that_is_gone_or_of_somebody_else(tmp_path, capfd, harm, words, command):
    run = begun(tmp_path, "digits")
    harm(run)
    before = content(run)
    assert words in refused(capfd, command, run)
    assert content(run) == before


def test_trust_is_for_foreign_code_and_not_for_another_space(tmp_path):
    run = begun(tmp_path, "digits")
    (run / "signature").unlink()
    with pytest.raises(RayStartedError):
        raynas.resume(run, trust=True)
    (run / "space.py").write_text(SPACE + "#")
    with pytest.raises(ValueError, match=r"space.py has changed since the run was started"):
        raynas.resume(run, trust=True)
