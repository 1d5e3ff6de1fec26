"""A run folder appears whole or not at all; what is foreign in its place is not touched."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from folder_cases import content
from run_cases import SPACE

import raynas
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import make_config
from raynas.runs.storage import open_folder

WRITTEN = ["space.py", "modules.zip", "signature", "record.json", "run.yaml"]
KILLED = """
import os, sys
from raynas.runs.storage import Folder
write, names = Folder.write, []
def killed(self, name, *args, **options):
    if len(names) == {count}:
        os.kill(os.getpid(), 9)
    write(self, name, *args, **options)
    names.append(name)
Folder.write = killed
from pathlib import Path
sys.path[:0] = {path!r}
from folder_cases import new_run
new_run(Path("run"), modules=b"zip")
"""


@pytest.mark.parametrize("count", range(len(WRITTEN)))
def test_a_search_killed_while_it_makes_its_folder(tmp_path: Path, count: int):
    path = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    code = KILLED.format(count=count, path=path)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    run = tmp_path / "run"
    left = {p.name for p in run.iterdir()}
    assert left == set(WRITTEN[:count])
    with pytest.raises(ValueError, match=r"is no run folder: it has no run\.yaml"):
        raynas.open_run(run)
    config = make_config(space="own.py", name="run", trials=2).resolved()
    words = make_run(open_folder(str(run)), config, SPACE)
    assert len(words) == (count > 0)
    assert all("was left half made by a search that was killed; it is replaced" in w for w in words)
    assert {p.name for p in run.iterdir()} == {*WRITTEN} - {"modules.zip"}
    assert raynas.open_run(run).config.trials == 2


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["notes.txt"], "exists and is no run: it holds 'notes.txt'; choose another --name"),
        (["space.py", "trials"], "exists and is no run: it holds 'trials'"),
        (["run.yaml"], "exists; choose another --name, or go on with: raynas resume"),
    ],
)
def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path, names, words):
    run = tmp_path / "run"
    run.mkdir()
    for name in names:
        (run / name).write_text("mine")
    before = content(run)
    with pytest.raises(ValueError, match=words) as error:
        raynas.search(data="synthetic", space="mlp", storage=str(tmp_path), name="run")
    assert "\n" not in str(error.value)
    assert content(run) == before


def test_a_file_in_the_place_of_the_folder(tmp_path: Path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(ValueError, match="run is a file; choose another --name"):
        raynas.search(data="synthetic", space="mlp", storage=str(tmp_path), name="run")
    assert (tmp_path / "run").read_text() == "mine"


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/nowhere")
    folder = open_folder(str(tmp_path / "run"))
    folder.make()
    config = make_config(space="own.py", name="run").resolved()
    (line,) = make_run(folder, config, SPACE)
    assert "the key of this account cannot be written" in line
    assert line.endswith("resume, retrain, export and load of this run need --trust")
    with pytest.raises(ValueError, match="is not known to be made by this account"):
        raynas.resume(tmp_path / "run")
