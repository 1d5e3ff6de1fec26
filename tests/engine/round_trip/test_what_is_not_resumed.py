"""What cannot be gone on with is refused in one line, before Ray starts, and stays as it is."""

import re
from pathlib import Path

import pytest
import ray
from run_cases import SPACE, open_ledger, small_config, train, write_table

import raynas
from raynas.cli import app
from raynas.data import load_data
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import run_file


def begun(folder: Path, data: str, done: int = 4) -> Path:
    """Make the folder of a run of which so many of six trials are done."""
    options = {"label": "species", "limit": 200}
    config = small_config(data=data, trials=6, epochs=1, options=options).resolved()
    run = folder / "run"
    train(open_ledger(run, config), done)
    fingerprint = load_data(data, config.data_options).fingerprint()
    (run / "run.yaml").write_text(run_file(config, fingerprint).to_yaml())
    (run / "space.py").write_text(SPACE)
    return run


def refused(capfd: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that is refused says."""
    with pytest.raises(SystemExit) as ended:
        app(list(map(str, arguments)))
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert re.fullmatch("raynas: .*\n", err)
    return err


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.fixture(autouse=True)
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*args: object, **options: object) -> None:
        raise AssertionError("Ray was started")

    monkeypatch.setattr(ray, "init", started)


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
