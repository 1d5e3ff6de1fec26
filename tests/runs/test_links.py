"""No link in a run folder is followed, and a lock that is deleted is not lost."""

import fcntl
import os
import threading
from pathlib import Path

import pytest
from folder_cases import content, opened_again, trained_run
from run_cases import train

import raynas
from raynas.runs import lock
from raynas.runs.files.plain_files import LinkError, replace_file
from raynas.runs.lock import StillGoingError, is_locked, locked
from raynas.runs.storage import Folder, open_folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    trained_run(tmp_path / "run", waiting=1, trials=8)
    return tmp_path / "run"


@pytest.mark.parametrize(
    "name",
    [
        ".lock", "run.yaml", "record.json", "space.py", "signature", "modules.zip", "log.txt",
        "report.html", "best", "trials", "trials/00000.parquet", "trials/mine", "checkpoints",
        "checkpoints/run_00004", "checkpoints/run_00004/last.ckpt", "mlflow.db", "origin.json",
    ],
)  # fmt: skip
def test_a_link_is_refused_by_name_and_what_it_leads_to_stays(run: Path, tmp_path: Path, name: str):
    place, target = run / name, tmp_path / "precious"
    if place.exists():
        place.rename(target)
    else:
        target.write_text("mine")
    place.symlink_to(target)
    before = content(tmp_path)
    with pytest.raises(ValueError, match=f"{place} is a symbolic link, and none in a run") as error:
        raynas.resume(run)
    assert "\n" not in str(error.value)
    assert content(tmp_path) == before


def test_the_folder_itself_may_be_reached_by_a_link(run: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(run)
    assert len(raynas.open_run(tmp_path / "link").trials) == 4


def test_a_folder_never_leaves_itself(tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/sub").symlink_to(tmp_path / "outside")
    sub = open_folder(str(tmp_path / "run")) / "sub"
    for use in (
        lambda: sub.read("x"),
        lambda: sub.write("x", b"2"),
        lambda: list(sub.list()),
        lambda: sub.delete(),
        lambda: sub.delete("x"),
        lambda: sub.sweep(),
        lambda: sub.make(),
        lambda: sub.exists("x"),
    ):
        with pytest.raises(LinkError, match="run/sub is a symbolic link"):
            use()
    assert (tmp_path / "outside/x").read_text() == "mine"


def test_a_pipe_is_no_file(run: Path):
    (run / "run.yaml").unlink()
    os.mkfifo(run / "run.yaml")
    with pytest.raises(OSError, match="is no file"):
        open_folder(str(run)).read("run.yaml")


def test_what_is_being_written_is_private(tmp_path: Path):
    modes = []

    def write(path: Path) -> None:
        path.write_bytes(b"x")
        modes.append(path.stat().st_mode & 0o777)

    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".file.{os.getpid()}.tmp").symlink_to(victim)
    replace_file(tmp_path / "file", write)
    assert modes == [0o600]
    assert victim.read_text() == "mine"
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Folder:
    monkeypatch.setattr(lock, "LOOK_EVERY_S", 0.05)
    return open_folder(str(tmp_path))


def test_a_lock_that_was_deleted_is_taken_back(folder: Folder, tmp_path: Path):
    with locked(folder) as hold:
        (tmp_path / ".lock").unlink()
        hold.check()
        assert is_locked(folder)
        with pytest.raises(StillGoingError), locked(folder):
            pass
        (tmp_path / ".lock").unlink()
        (tmp_path / ".lock").write_text("somebody's, not locked")
        hold.check()
        assert is_locked(folder)
    assert not is_locked(folder)
    assert (tmp_path / ".lock").read_text() == "somebody's, not locked"


def test_who_lost_the_lock_to_another_is_told_and_records_nothing(run: Path, monkeypatch):
    monkeypatch.setattr(lock, "LOOK_EVERY_S", 0.05)
    lost = threading.Event()
    errors: list[Exception] = []
    with locked(open_folder(str(run))) as hold:
        hold += [errors.append, lambda error: lost.set()]
        ledger = opened_again(run)
        ledger.check_hold = hold.check
        (run / ".lock").unlink()
        with open(run / ".lock", "w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(StillGoingError, match=r"another process since its \.lock was"):
                train(ledger, 1)
            assert lost.wait(5)
    assert "in the hands of another process" in str(errors[0])
    assert opened_again(run).done == 4
