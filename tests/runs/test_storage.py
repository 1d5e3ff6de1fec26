import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from raynas.runs.files.plain_files import replace_file
from raynas.runs.storage import Folder, open_folder


@pytest.fixture(params=["path", "file://", "memory://"])
def folder(request, tmp_path: Path):
    """Folders of pyarrow's local file system (the first two) and of fsspec."""
    where = str(tmp_path / "a/b")
    folder = open_folder(where if request.param == "path" else f"{request.param}{where}")
    assert (folder.local is None) == (request.param == "memory://")
    yield folder
    folder.delete()


def test_files_are_written_read_replaced_listed_and_deleted(folder: Folder, tmp_path: Path):
    inside = folder / "inside"
    assert not folder.exists()
    assert list(inside.list()) == []
    inside.make()
    inside.make()
    assert folder.exists()
    assert folder.exists("inside")
    assert not inside.exists("x")
    with pytest.raises(FileNotFoundError):
        inside.read("x")
    inside.write("x", b"old")
    inside.write("x", b"new")
    (tmp_path / "local").write_bytes(b"big")
    inside.upload(tmp_path / "local", "a")
    assert [info.base_name for info in inside.list()] == ["a", "x"]
    inside.download("x", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == inside.read("x") == b"new"
    inside.delete()
    inside.delete()
    assert folder.exists()
    assert not folder.exists("inside")


def test_what_is_being_written_is_no_part_of_the_folder(tmp_path: Path):
    folder = open_folder(str(tmp_path))
    folder.write("x", b"1")
    seen = []

    def write(path: Path) -> None:
        path.write_bytes(b"2")
        assert path.parent == tmp_path  # also where the folder is a disk of its own
        seen.append([info.base_name for info in folder.list()])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(tmp_path / "x", write)
    assert seen == [["x"]]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert folder.read("x") == b"1"


def test_what_a_killed_writer_left_is_swept_away(tmp_path: Path):
    code = (
        "import os, signal; from pathlib import Path;"
        "from raynas.runs.files.plain_files import replace_file;"
        "replace_file(Path('x'), lambda path: (path.write_bytes(b'2'), os.kill(os.getpid(), 9)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    open_folder(str(tmp_path)).sweep()
    assert list(tmp_path.iterdir()) == []


def test_files_have_the_permissions_of_all_others(tmp_path: Path):
    open_folder(str(tmp_path)).write("x", b"1")
    (tmp_path / "y").write_bytes(b"1")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode


def test_a_folder_that_is_a_disk_of_its_own(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        open_folder(str(disk)).write("x", b"1")
        assert (disk / "x").read_bytes() == b"1"
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def test_a_folder_travels_to_workers(folder: Folder):
    folder.make()
    folder.write("x", b"1")
    there = pickle.loads(pickle.dumps(folder))
    assert there.read("x") == b"1"
    assert (there.uri, there.path) == (folder.uri, folder.path)


def test_a_relative_path_is_fixed_at_once(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = open_folder("runs/")
    assert folder.path == str(tmp_path / "runs")
    assert folder.uri == "runs"
    assert (folder / "x").uri == "runs/x"


def test_an_unknown_scheme():
    with pytest.raises(ValueError, match=r"storage 'nope://x' cannot be opened: .*nope"):
        open_folder("nope://x")
