"""Code in a run folder is run for the account that made the run, or where it is trusted."""

import io
import os
import pickle
import zipfile
from pathlib import Path
from shutil import copytree

import pytest
import torch
from folder_cases import content, new_run, opened_again, trained_run, write_best
from run_cases import SPACE

import raynas
from raynas.engine.preflight import set_aside_broken
from raynas.runs.integrity.signature import is_trusted, read_code
from raynas.runs.integrity.user_key import key_path, make_key
from raynas.runs.storage import open_folder
from raynas.runs.user_code import install_modules


class Planted:
    """What a pickle runs when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    """A run of somebody else, whose code and pickles make a file, and that file."""
    run, mark = tmp_path / "run", tmp_path / "mark"
    trained_run(run, waiting=1, trials=8)
    write_best(run)
    code = f"open({str(mark)!r}, 'w')\n"
    for name in ("space.py", "best/space.py"):
        (run / name).write_text(code)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("helper.py", code)
    (run / "modules.zip").write_bytes(buffer.getvalue())
    for name in ("best/weights.safetensors", *map(str, run.glob("checkpoints/*/last.ckpt"))):
        (run / name).write_bytes(pickle.dumps(Planted(mark)))
    torch.save(Planted(mark), run / "checkpoints/run_00004/last.ckpt")
    return run, mark


def test_looking_at_a_run_reads_data_only(planted, tmp_path):
    run, mark = planted
    opened = raynas.open_run(run)
    assert "4 of 8 trials done" in opened.status()
    assert len(opened.trials) == 4
    assert opened.best()["trial_id"] == "run_00000"
    opened.report(output=tmp_path / "elsewhere.html")
    assert not mark.exists()


@pytest.mark.parametrize(
    "use",
    [
        lambda run: raynas.resume(run),
        lambda run: raynas.load(run),
        lambda run: raynas.load(run / "best"),
        lambda run: raynas.open_run(run).network(),
        lambda run: raynas.open_run(run).retrain(),
        lambda run: raynas.open_run(run).export(),
    ],
)
def test_what_needs_the_code_of_a_run_of_somebody_else_says_so(planted, use):
    run, mark = planted
    before = content(run)
    with pytest.raises(ValueError, match=r"code \(space.py.*\) .*add --trust \(in Python") as error:
        use(run)
    assert "\n" not in str(error.value)
    assert content(run) == before
    assert not mark.exists()


def test_a_checkpoint_runs_nothing_and_its_trial_starts_anew(planted):
    run, mark = planted
    ledger = opened_again(run)
    (line,) = set_aside_broken(ledger)
    assert "run_00004/last.ckpt cannot be read (UnpicklingError); it is last.ckpt.unread" in line
    assert line.endswith("trial 4 is trained from the start")
    assert not mark.exists()
    assert {p.name for p in (run / "checkpoints/run_00004").iterdir()} == {
        "proposal.json",
        "last.ckpt.unreadable",
    }
    assert set_aside_broken(ledger) == []


@pytest.mark.parametrize("harm", [b"", b"half a file", b"PK\x03\x04"])
def test_a_truncated_checkpoint(tmp_path: Path, harm: bytes):
    run = tmp_path / "run"
    ledger = trained_run(run, done=2, waiting=2)
    (run / "checkpoints/run_00002/last.ckpt").write_bytes(harm)
    torch.save({"another": "thing"}, run / "checkpoints/run_00003/last.ckpt")
    lines = set_aside_broken(opened_again(run))
    assert [line.split()[0].split("/")[-2] for line in lines] == ["run_00002", "run_00003"]
    assert ledger.done == 2


def test_a_run_of_this_account_is_trusted_anywhere_until_its_code_is_edited(tmp_path: Path):
    run = tmp_path / "run"
    new_run(run)
    copy = Path(copytree(run, tmp_path / "else/where"))
    assert read_code(open_folder(str(copy)), trust=False).source == SPACE
    for name in ("space.py", "modules.zip"):
        other = Path(copytree(run, tmp_path / name))
        (other / name).write_bytes(b"# mine\n")
        assert not is_trusted(open_folder(str(other)))
        assert read_code(open_folder(str(other)), trust=True)
    (copy / "run.yaml").write_text("trials: 9")
    assert is_trusted(open_folder(str(copy)))


def test_another_account(tmp_path: Path, monkeypatch):
    run = tmp_path / "run"
    new_run(run)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    folder = open_folder(str(run))
    with pytest.raises(ValueError, match="it cannot be checked who made it"):
        read_code(folder, trust=False)
    make_key()
    with pytest.raises(ValueError, match="was made by another account"):
        read_code(folder, trust=False)


def test_the_key_is_made_once_and_is_this_accounts_alone(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key = make_key()
    assert len(key) == 32
    assert make_key() == key == key_path().read_bytes()
    assert key_path() == tmp_path / "config/raynas/key"
    assert key_path().stat().st_mode & 0o777 == 0o600
    assert [p.name for p in key_path().parent.iterdir()] == ["key"]
    key_path().chmod(0o644)
    run = tmp_path / "run"
    new_run(run)
    assert not (run / "signature").exists()
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert key_path() == tmp_path / "home/.config/raynas/key"


def test_weights_that_are_damaged_or_gone_are_named(tmp_path: Path):
    run = tmp_path / "run"
    new_run(run)
    write_best(run)
    with pytest.raises(ValueError, match="the weights do not fit the network of trial 0"):
        raynas.load(run)
    (run / "best/weights.safetensors").write_bytes(b"{}")
    with pytest.raises(ValueError, match=r"weights.safetensors is damaged .* raynas retrain"):
        raynas.load(run)
    (run / "best/weights.safetensors").unlink()
    with pytest.raises(ValueError, match=r"weights.safetensors is missing; put back a copy"):
        raynas.load(run)
    (run / "best/architecture.json").unlink()
    with pytest.raises(ValueError, match="best holds no network"):
        raynas.load(run)


@pytest.mark.parametrize("name", ["../outside.py", "/abs.py", "a/../../b.py", "a.so", "a\\b.py"])
def test_modules_do_not_leave_their_folder(tmp_path: Path, name: str):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("fine.py", "")
        archive.writestr(name, "")
    with pytest.raises(ValueError, match=r"modules.zip holds .* nothing was unpacked"):
        install_modules(buffer.getvalue())
    with pytest.raises(ValueError, match=r"modules.zip cannot be read"):
        install_modules(buffer.getvalue()[:-30])


@pytest.mark.parametrize("name", ["../../out", "/out", "..", "a/b", "a\x1b"])
def test_a_retraining_does_not_leave_the_run(tmp_path: Path, name: str):
    run = tmp_path / "run"
    trained_run(run)
    with pytest.raises(ValueError, match="name: expected a plain name"):
        raynas.open_run(run).retrain(name=name)
