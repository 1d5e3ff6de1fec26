"""A run folder appears whole or not at all; what is foreign in its place is not touched."""

import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from folder_cases import content, new_run, trained_run, write_best
from run_cases import SPACE, open_ledger

import raynas
from raynas.engine import run_search
from raynas.options.command_options import ResumeCall
from raynas.runs.endings import RunFailed
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import make_config
from raynas.runs.storage import Folder, open_folder

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


def test_a_finished_run_is_left_as_it_is(tmp_path: Path, monkeypatch):
    run = tmp_path / "run"
    ledger = trained_run(run)
    write_best(run, trials=4, trial_id=ledger.best[0].trial_id)
    monkeypatch.setattr(run_search, "joined", None)  # would start Ray
    before = content(run)
    lines: list[str] = []
    view = SimpleNamespace(say=lines.append)
    for trials in (None, 4):
        ended = run_search.resume_run(str(run), ResumeCall(trials=trials), view)
        assert not ended.interrupted
        assert lines.pop() == (
            "Run run is finished: 4 of 4 trials are done; nothing was started or changed. To go "
            "on: --trials with more than 4"
        )
    assert content(run) == before
    assert not (run / ".lock").exists() or not (run / ".lock").read_bytes()
    with pytest.raises(ValueError, match="has 4 already, and none is ever taken away"):
        raynas.resume(run, trials=3)
    with pytest.raises(RunFailed, match="all 2 trials have failed; the first: it broke"):
        failed_run(tmp_path / "failed")


def failed_run(path: Path) -> None:
    config = new_run(path, trials=2)
    ledger = open_ledger(path, config)
    for _ in range(2):
        ledger.fail(ledger.next()["trial_id"], "it broke")
    raynas.resume(path)


def test_a_report_of_a_run_that_can_only_be_read(tmp_path: Path, monkeypatch):
    run = tmp_path / "run"
    trained_run(run)
    before = content(run)

    def refused(self: Folder, name: str, *args: object, **options: object) -> None:
        if self.path.startswith(str(run)):
            raise PermissionError(30, "Read-only file system")
        write(self, name, *args, **options)

    write = Folder.write
    monkeypatch.setattr(Folder, "write", refused)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"cannot be written: .*--output FILE writes it elsewhere"):
        raynas.open_run(run).report()
    for output in ("page.html", str(tmp_path / "other.html")):
        assert raynas.open_run(run).report(output=output) == output
        assert "<html" in Path(output).read_text()
    assert content(run) == before
