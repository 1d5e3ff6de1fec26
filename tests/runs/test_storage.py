import pickle
from pathlib import Path

import pytest

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
