"""Reports of real runs: left by a search, refreshed beside it, written by hand; watching."""

import io
import logging
import re
import shutil
import threading
import time
from pathlib import Path

import pytest
from report_cases import random_trials
from rich.console import Console
from run_cases import open_ledger, small_config, train, wait_for, write_space

import raynas
from raynas.report import write_report
from raynas.report.refresh import refreshed
from raynas.runs.lock import locked
from raynas.runs.record import TrialRecord
from raynas.runs.run_file import RUN_FILE, run_file
from raynas.runs.run_folder import RunFolder, open_run
from raynas.runs.storage import open_folder
from raynas.terminal import watch
from raynas.terminal.watch import watch_status


def made_up(folder: Path, count: int, **config: object) -> RunFolder:
    """Write a run folder by its own means, without training anything."""
    settings = small_config(**{"trials": count, **config})
    run = RunFolder(open_folder(str(folder)), settings)
    run.folder.make()
    run.folder.write(RUN_FILE, run_file(settings).to_yaml().encode())
    run.folder.write("space.py", b'"""Chains of convolutions, for tests."""\n')
    record = TrialRecord(run.folder)
    for trial in random_trials(count):
        record.append(trial)
    return run


@pytest.fixture(scope="module")
def searched(tmp_path_factory, ray_cluster):
    home = tmp_path_factory.mktemp("report")
    space = write_space(home)
    options = {"population": 2, "tournament": 2, "learning_rate": 0.01}
    return raynas.search(
        space=space, strategy="evolution", trials=4, epochs=2, name="seen",
        storage=str(home / "runs"), options=options,
    )  # fmt: skip


def test_a_search_leaves_its_report(searched):
    html = (Path(searched.folder) / "report.html").read_text(encoding="utf-8")
    best = searched.best()
    assert '<span class="state finished">' in html
    assert f"<b>{best['test']['test_accuracy']:.4f}</b>" in html
    assert "own.py searched by evolution on digits: 4 trials of 2 epochs" in html
    assert "One or two dense layers; 156 nets." in html
    assert best["description"] in html
    assert "raynas " in html


def test_a_report_is_written_again_from_a_moved_folder(searched, tmp_path):
    moved = Path(shutil.copytree(searched.folder, tmp_path / "moved"))
    (moved / "report.html").unlink()
    (moved / "space.py").write_text("raise SystemExit('no code of a run is executed')")
    assert write_report(open_run(str(moved))) == f"{moved}/report.html"
    assert '<span class="state finished">' in (moved / "report.html").read_text(encoding="utf-8")


def test_a_report_compares_with_another_run(searched, tmp_path):
    other = made_up(tmp_path / "other", 8, name="other")
    html = Path(searched.report(compare=[other.folder.uri])).read_text(encoding="utf-8")
    assert "best so far of other" in html
    assert "another version of the space" not in html  # they are called differently, too
    assert "raynas report" in html
    searched.report()


def test_a_failing_report_ends_no_run(searched, tmp_path, caplog):
    """The page cannot be written where its name is a folder's; the run goes on to its end."""
    moved = Path(shutil.copytree(searched.folder, tmp_path / "moved"))
    (moved / "report.html").unlink()
    (moved / "report.html").mkdir()
    with caplog.at_level(logging.ERROR):
        run = raynas.resume(str(moved), trials=5)
    assert len(run.trials) == 5
    assert run.best()["trials"] == 5
    assert "the report could not be written" in caplog.text


def test_it_is_refreshed_while_trials_run(tmp_path):
    run = made_up(tmp_path / "going", 8, trials=20)
    page = tmp_path / "going/report.html"
    done = [0]
    with locked(run.folder), refreshed(run, lambda: done[0], every=0.2):
        wait_for(page.exists)
        assert '<span class="state running">' in page.read_text(encoding="utf-8")
        before = page.stat().st_mtime_ns
        time.sleep(1)
        assert page.stat().st_mtime_ns == before, "nothing had changed"
    assert not [thread for thread in threading.enumerate() if "_keep" in thread.name]


def test_a_refresh_that_fails_is_logged_and_a_slow_one_ends_with_the_run(tmp_path, caplog):
    run = made_up(tmp_path / "going", 3)
    (tmp_path / "going/run.yaml").write_text("trials: [")
    with caplog.at_level(logging.WARNING), refreshed(run, lambda: 1, every=0.05):
        wait_for(lambda: "is not YAML" in caplog.text)
    start = time.monotonic()
    with refreshed(run, lambda: 1, every=0.05):
        time.sleep(0.2)
    assert time.monotonic() - start < 5


def watched(path: Path, terminal: bool) -> str:
    file = io.StringIO()
    watch_status(str(path), Console(file=file, width=120, force_terminal=terminal))
    return file.getvalue()


def test_watching_a_run_that_has_ended_is_its_status(tmp_path):
    made_up(tmp_path / "ended", 5)
    said = watched(tmp_path / "ended", terminal=False)
    assert said.startswith("run: finished, 5 of 5 trials done, 0 failed")


@pytest.mark.parametrize("terminal", [False, True])
def test_watching_ends_with_the_run(tmp_path, monkeypatch, terminal):
    monkeypatch.setattr(watch, "EVERY_S", 0.05)
    write_space(tmp_path)
    ledger = open_ledger(tmp_path / "going", small_config(trials=4))
    ledger.folder.write(RUN_FILE, run_file(ledger.config).to_yaml().encode())
    said: list[str] = []
    with locked(ledger.folder):
        watching = threading.Thread(
            target=lambda: said.append(watched(tmp_path / "going", terminal))
        )
        watching.start()
        for _ in range(4):
            train(ledger, 1)
            time.sleep(0.5)
    watching.join(30)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said[0])
    assert "finished, 4 of 4 trials done" in plain
    if terminal:
        assert "running, 2 of 4 trials done" in plain
    else:
        told = re.findall(r"^(\d)/4 trials(?:, best val_accuracy .*)?$", said[0], re.MULTILINE)
        assert told == sorted(set(told))
        assert len(told) >= 2
        assert "\x1b" not in said[0]


def test_the_report_of_a_remote_run(tmp_path):
    import fsspec

    fsspec.filesystem("memory")
    run = made_up(tmp_path / "local", 6)
    remote = open_folder("memory://reports/run")
    remote.make()
    (remote / "trials").make()
    for name in ("run.yaml", "space.py", "trials/00000.parquet"):
        remote.write(name, run.folder.read(name))
    assert write_report(open_run("memory://reports/run")) == "memory://reports/run/report.html"
    assert b"6 trials of" in remote.read("report.html")
