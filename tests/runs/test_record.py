import math
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from raynas.runs import record
from raynas.runs import trial as trial_module
from raynas.runs.files.checksums import chained
from raynas.runs.files.tables import as_read, rows_of
from raynas.runs.record import TrialRecord
from raynas.runs.storage import open_folder
from raynas.runs.trial import Trial
from raynas.space import Architecture
from raynas.strategies import Proposal

COLUMNS = {
    "trial_id": "string",
    "number": "int64",
    "architecture_id": "string",
    "architecture": "string",
    "picks": "string",
    "status": "string",
    "error": "string",
    "epochs": "int64",
    "train_seconds": "double",
    "started_at": "timestamp[us, tz=UTC]",
    "finished_at": "timestamp[us, tz=UTC]",
    "node": "string",
    "parents": "string",
    "repeats": "string",
    "known": "int64",
    "infeasible": "int64",
    "notes": "string",
    "curve": "string",
    "variants": "string",
    "supernet": "string",
    "derived": "string",
}
METRICS = {"val_accuracy": 0.5, "params": 12.0}


def make_trial(number: int, metrics: dict[str, float] | None = None, error: str | None = None):
    return Trial(
        trial_id=f"run_{number:05d}",
        proposal=Proposal(
            Architecture({"width": number, "é": [1, None, True]}, {"width": number}),
            parents=(0, 1) if number else (),
            number=number,
            repeats=(2,) if number else (),
            variants={0: Architecture({"width": 9}, {"width": 9})} if number else {},
        ),
        status="failed" if error else "completed",
        error=error,
        epochs=3,
        train_seconds=1.25,
        started_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        finished_at=datetime(2026, 1, 2, 3, 5, tzinfo=UTC),
        node="node-1",
        metrics=({} if error else METRICS) if metrics is None else metrics,
        curve=[{"epoch": 1, "val_accuracy": 0.25}, {"epoch": 2, "val_accuracy": 0.5}],
    )


@pytest.fixture
def folder(tmp_path: Path):
    return open_folder(str(tmp_path / "run"))


def test_columns_are_those_that_users_were_told(folder):
    TrialRecord(folder).append(make_trial(1))
    schema = ds.dataset(f"{folder.path}/trials").schema
    metrics = dict.fromkeys(METRICS, "double")
    assert {field.name: str(field.type) for field in schema} == COLUMNS | metrics
    assert [field.name for field in schema] == [*COLUMNS, *METRICS]


def test_what_was_appended_is_read_back_by_another(folder):
    trials = [make_trial(0), make_trial(1, error="it broke"), make_trial(2)]
    writer = TrialRecord(folder)
    for trial in trials:
        writer.append(trial)
    assert list(TrialRecord(folder)) == list(writer) == trials
    for read, trial in zip(TrialRecord(folder), trials, strict=True):
        assert read.to_row() == trial.to_row()
        assert read.architecture.id == Architecture(trial.architecture.value, {}).id


def test_files_stay_few_and_a_writer_goes_on_in_the_last(folder, monkeypatch):
    monkeypatch.setattr(record, "ROWS_A_FILE", 3)
    for number in range(8):
        TrialRecord(folder).append(make_trial(number))
        assert [trial.number for trial in TrialRecord(folder)] == list(range(number + 1))
    names = sorted(path.name for path in Path(folder.path, "trials").iterdir())
    assert names == ["00000.parquet", "00001.parquet", "00002.parquet"]
    assert pd.read_parquet(f"{folder.path}/trials").number.tolist() == list(range(8))


def test_a_metric_that_comes_later_is_a_column_of_all_rows(folder, monkeypatch):
    monkeypatch.setattr(record, "ROWS_A_FILE", 2)
    writer = TrialRecord(folder)
    for number in range(3):
        writer.append(make_trial(number, error="no metric yet" if number < 2 else None))
    writer.append(make_trial(3, {**METRICS, "latency_ms": 7.5}))
    TrialRecord(folder).append(make_trial(4, {"val_accuracy": 0.25}))
    for table in (
        pd.read_parquet(f"{folder.path}/trials"),
        ds.dataset(f"{folder.path}/trials").to_table().to_pandas(),
    ):
        assert table.number.tolist() == [0, 1, 2, 3, 4]
        assert table.val_accuracy.isna().tolist() == [True, True, False, False, False]
        assert table.latency_ms.dropna().tolist() == [7.5]
    assert [trial.metrics for trial in TrialRecord(folder)][4] == {"val_accuracy": 0.25}


def test_the_folder_can_be_read_at_every_moment(folder, monkeypatch):
    monkeypatch.setattr(record, "ROWS_A_FILE", 5)
    writer = TrialRecord(folder)
    writer.append(make_trial(0))
    ended, seen = threading.Event(), []

    def read() -> None:
        while not ended.is_set():
            seen.append(pd.read_parquet(f"{folder.path}/trials").number.tolist())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 60):
            writer.append(make_trial(number))
    finally:
        ended.set()
        reader.join()
    assert len(seen) > 5
    assert all(numbers == list(range(len(numbers))) for numbers in seen)
    assert seen == sorted(seen, key=len)


def test_what_a_crash_leaves_disturbs_nobody(folder):
    writer = TrialRecord(folder)
    writer.append(make_trial(0))
    Path(folder.path, ".trials.00000.parquet.123.tmp").write_bytes(b"half a file")
    assert pd.read_parquet(f"{folder.path}/trials").number.tolist() == [0]
    TrialRecord(folder).append(make_trial(1))
    assert pd.read_parquet(f"{folder.path}/trials").number.tolist() == [0, 1]


def test_a_crash_between_the_files_of_a_new_metric(folder, monkeypatch):
    """Only the first of two files has the new column; the next writer sets it right."""
    monkeypatch.setattr(record, "ROWS_A_FILE", 2)
    writer = TrialRecord(folder)
    for number in range(3):
        writer.append(make_trial(number))
    write, written = writer._write, []

    def crash(index: int, rows: pa.Table) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(index)
        write(index, rows)

    monkeypatch.setattr(writer, "_write", crash)
    with pytest.raises(KeyboardInterrupt):
        writer.append(make_trial(3, {**METRICS, "f1": 0.5}))
    assert pd.read_parquet(f"{folder.path}/trials").number.tolist() == [0, 1, 2]
    again = TrialRecord(folder)
    again.append(make_trial(3, {**METRICS, "f1": 0.5}))
    again.append(make_trial(4))
    table = pd.read_parquet(f"{folder.path}/trials")
    assert table.number.tolist() == [0, 1, 2, 3, 4]
    assert table.f1.dropna().tolist() == [0.5]


def test_a_remote_folder(folder):
    remote = open_folder("memory://record-test/run")
    for number in range(3):
        TrialRecord(remote).append(make_trial(number))
    assert list(TrialRecord(remote)) == [make_trial(number) for number in range(3)]
    names = [info.base_name for info in (remote / "trials").list()]
    assert names == ["00000.parquet"]
    remote.delete()


def test_nothing_is_read_from_an_empty_record(folder):
    assert list(TrialRecord(folder)) == []


def test_a_row_costs_little(folder):
    """One row more in a full file is written in a few milliseconds."""
    writer = TrialRecord(folder)
    start = datetime.now(UTC)
    for number in range(100):
        writer.append(make_trial(number))
    assert (datetime.now(UTC) - start).total_seconds() < 3


def test_a_row_is_what_is_read_back(folder):
    zone = timezone(timedelta(hours=3))
    odd = replace(
        make_trial(1, {"val_accuracy": np.float32(0.1), "params": 12, "val_loss": math.nan}),
        epochs=np.int64(3),
        train_seconds=2,
        started_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=zone),
    )
    for trial in (make_trial(0), make_trial(1, error="é\n"), odd):
        row = trial.to_row()
        names = [name for name in trial.metrics if name not in trial_module.COLUMNS.names]
        schema = pa.schema([*trial_module.COLUMNS, *((name, pa.float64()) for name in names)])
        (read,) = rows_of(pa.Table.from_pylist([row], schema=schema))
        assert chained("", [as_read(row, schema)]) == chained("", [read])
