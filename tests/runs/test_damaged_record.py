"""What is damaged in trials/ and checkpoints/ is named, and no result comes of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from folder_cases import content, new_run, opened_again, trained_run
from run_cases import open_ledger, train

import raynas
from raynas.engine.run_search import resume_run
from raynas.options.command_options import ResumeCall
from raynas.runs import record
from raynas.runs.record import TrialRecord
from raynas.runs.storage import open_folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch) -> Path:
    """Seven trials in files of three, of eight."""
    monkeypatch.setattr(record, "ROWS_A_FILE", 3)
    trained_run(tmp_path / "run", done=7, trials=8)
    return tmp_path / "run"


def edit(path: Path, change: Callable[[pa.Table], pa.Table], *, note: bool = True) -> None:
    table = pq.read_table(path)
    changed = change(table)
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata if note else None), path)


def better(table: pa.Table) -> pa.Table:
    values = [7.5, *table["val_accuracy"].to_pylist()[1:]]
    place = table.column_names.index("val_accuracy")
    return table.set_column(place, "val_accuracy", pa.array(values, pa.float64()))


def without(table: pa.Table, column: str) -> pa.Table:
    return table.drop_columns([column])


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "an edited value": (lambda t: edit(t / "00000.parquet", better), "00000.parquet is damaged"),
    "one in the last": (lambda t: edit(t / "00002.parquet", better), "00002.parquet is damaged"),
    "written by another program": (
        lambda t: edit(t / "00001.parquet", better, note=False),
        "00001.parquet is damaged: raynas has not written it as it is",
    ),
    "rows twice in a file": (
        lambda t: edit(t / "00002.parquet", lambda rows: pa.concat_tables([rows, rows])),
        "00002.parquet is damaged",
    ),
    "a file twice": (
        lambda t: shutil.copy(t / "00002.parquet", t / "00003.parquet"),
        "00003.parquet is damaged: it does not go on where 00002.parquet ends",
    ),
    "a file in the place of another": (
        lambda t: shutil.copy(t / "00000.parquet", t / "00001.parquet"),
        "00001.parquet is damaged: it does not go on where 00000.parquet ends",
    ),
    "rows in another order": (
        lambda t: edit(t / "00000.parquet", lambda rows: rows.take([1, 0, 2])),
        "00000.parquet is damaged: a row in it",
    ),
    "a row less": (
        lambda t: edit(t / "00001.parquet", lambda rows: rows.slice(1)),
        "00001.parquet is damaged: a row in it",
    ),
    "the first file gone": (lambda t: (t / "00000.parquet").unlink(), "00000.parquet is damaged: "),
    "one in the middle gone": (
        lambda t: (t / "00001.parquet").unlink(),
        "00001.parquet is damaged: it is missing, and 00002.parquet is there",
    ),
    "the last gone": (
        lambda t: (t / "00002.parquet").unlink(),
        "trials is damaged: it holds 6 of the 7 rows .* 00002.parquet is missing",
    ),
    "all gone": (
        lambda t: shutil.rmtree(t),
        "trials is damaged: it holds 0 of the 7 rows .* 00000.parquet is missing",
    ),
    "truncated": (
        lambda t: (t / "00001.parquet").write_bytes((t / "00001.parquet").read_bytes()[:300]),
        "00001.parquet is damaged: it cannot be read",
    ),
    "empty": (
        lambda t: (t / "00002.parquet").write_bytes(b""),
        "00002.parquet is damaged: it cannot be read",
    ),
    "no Parquet": (
        lambda t: (t / "00000.parquet").write_bytes(b"number,status\n"),
        "00000.parquet is damaged: it cannot be read",
    ),
    "another table": (
        lambda t: pq.write_table(pa.table({"x": [1]}), t / "00002.parquet"),
        "00002.parquet is damaged: it is no record of raynas: it has no column trial_id",
    ),
    "a column less": (
        lambda t: edit(t / "00000.parquet", lambda rows: without(rows, "curve")),
        "00000.parquet is damaged: it is no record of raynas: it has no column curve",
    ),
    "a folder": (
        lambda t: ((t / "00002.parquet").unlink(), (t / "00002.parquet").mkdir()),
        "00002.parquet is damaged: it is no file",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_nothing_is_changed(run: Path, kind: str):
    damage, words = DAMAGE[kind]
    damage(run / "trials")
    before = content(run)
    looks = (
        lambda: list(TrialRecord(open_folder(str(run)))),
        lambda: raynas.open_run(run).status(),
        lambda: raynas.open_run(run).trials,
        lambda: raynas.open_run(run).report(),
        lambda: resume_run(str(run), ResumeCall()),
        lambda: opened_again(run),
    )
    for look in looks:
        with pytest.raises(ValueError, match=words) as error:
            look()
        assert "\n" not in str(error.value)
        assert "nothing was changed" in str(error.value)
    assert content(run) == before


def test_what_is_foreign_is_left_alone_and_said(run: Path):
    trials = run / "trials"
    shutil.copy(trials / "00000.parquet", trials / "00000 (copy).parquet")
    pq.write_table(pa.table({"x": [1]}), trials / "mine.parquet")
    pq.write_table(pa.table({"x": [1]}), trials / "00007.parquet")
    (trials / "notes.txt").write_text("mine")
    (run / "checkpoints/mine").mkdir()
    (run / "checkpoints/mine/weights.pt").write_text("mine")
    (run / "checkpoints/notes.txt").write_text("mine")
    opened = raynas.open_run(run)
    assert opened.trials.number.tolist() == list(range(7))
    assert "Not of this run, and left alone: trials/" in opened.status()
    ledger = opened_again(run)
    kept = ledger.best[-1].trial_id
    (run / "checkpoints" / kept / "notes.txt").write_text("mine")
    train(ledger, 1)
    assert opened_again(run).done == 8
    assert raynas.open_run(run).trials.number.tolist() == list(range(8))
    for name in ("trials/mine.parquet", "trials/00007.parquet", "trials/notes.txt"):
        assert (run / name).exists()
    for name in ("mine/weights.pt", "notes.txt", f"{kept}/notes.txt"):
        assert (run / "checkpoints" / name).read_text() == "mine"


def test_pandas_reads_a_record_with_checksums(run: Path):
    table = pd.read_parquet(run / "trials")
    assert table.number.tolist() == list(range(7))
    assert table.val_accuracy.between(0, 1).all()


@pytest.mark.parametrize("harm", [None, b"", b"{}", b"\xff", b'{"rows": 99, "proof": "x"}'])
def test_a_lost_head_is_made_again_from_the_rows(run: Path, harm: bytes | None):
    head = run / "record.json"
    whole = head.read_bytes()
    head.unlink()
    if harm is not None:
        head.write_bytes(harm)
    ledger = opened_again(run)
    assert ledger.done == 7
    ledger.close()
    assert head.read_bytes() == whole


def test_a_head_that_is_behind_is_believed_as_far_as_it_goes(run: Path):
    """The machine may lose its power between a row and the head."""
    old = (run / "record.json").read_bytes()
    train(opened_again(run), 1)
    (run / "record.json").write_bytes(old)
    assert opened_again(run).done == 8
    edit(run / "trials/00002.parquet", better)
    with pytest.raises(ValueError, match=r"00002.parquet is damaged: its rows are not those"):
        opened_again(run)


def test_rows_lost_with_the_head_are_missed_by_who_was_proposed_after_them(tmp_path: Path):
    run = tmp_path / "run"
    trained_run(run, done=3, waiting=1, trials=8)
    shutil.rmtree(run / "trials")
    (run / "record.json").unlink()
    for folder in (run / "checkpoints").iterdir():
        number = json.loads((folder / "proposal.json").read_bytes())["number"]
        if number < 3:
            shutil.rmtree(folder)
    with pytest.raises(ValueError, match="trials is damaged: it holds 0 rows, and 3 were known"):
        opened_again(run)


def test_a_run_of_an_older_raynas_goes_on_as_it_was(tmp_path: Path):
    run = tmp_path / "run"
    config = new_run(run)
    (run / "record.json").unlink()
    train(open_ledger(run, config), 2)
    assert not (run / "record.json").exists()
    assert opened_again(run).done == 2
    edit(run / "trials/00000.parquet", lambda rows: pa.concat_tables([rows, rows]))
    with pytest.raises(ValueError, match=r"00000.parquet is damaged: trial run_0000. is there twi"):
        opened_again(run)


@pytest.mark.parametrize("name", ["../../outside", "..", "a/b"])
def test_a_record_names_nothing_outside_its_folder(tmp_path: Path, name: str):
    run = tmp_path / "run"
    config = new_run(run)
    (run / "record.json").unlink()
    train(open_ledger(run, config), 1)
    edit(
        run / "trials/00000.parquet",
        lambda rows: rows.set_column(0, "trial_id", pa.array([name])),
    )
    with pytest.raises(ValueError, match="row 0 has the trial_id"):
        opened_again(run)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"number": 4}', "null"])
def test_a_damaged_proposal_is_named(tmp_path: Path, text: str):
    run = tmp_path / "run"
    trained_run(run, done=2, waiting=1)
    file = run / "checkpoints/run_00002/proposal.json"
    file.write_text(text)
    before = content(run)
    with pytest.raises(ValueError, match=r"run_00002/proposal.json, .* is damaged .* put it back"):
        opened_again(run)
    assert content(run) == before
    shutil.copy(run / f"checkpoints/{opened_best(run)}/proposal.json", file)
    with pytest.raises(ValueError, match=r"run_00002/proposal.json, .* is that of another trial"):
        opened_again(run)
    file.unlink()
    assert opened_again(run).waiting == []


def opened_best(run: Path) -> str:
    return next(p.name for p in sorted((run / "checkpoints").iterdir()) if p.name != "run_00002")
