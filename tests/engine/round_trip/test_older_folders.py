"""Run folders of raynas before 0.2, which say less, are opened, reported and gone on with."""

import io
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console
from run_cases import facts, record, write_space

import raynas
from raynas.data import load_data
from raynas.runs.run_file import read_run_config
from raynas.runs.storage import open_folder
from raynas.terminal.status import show_status

SEED = 3


@pytest.fixture(scope="module")
def run(ray_cluster, tmp_path_factory) -> raynas.Run:
    """A run of today, whose rows were divided as an older one's were: by the run's seed."""
    home = tmp_path_factory.mktemp("older")
    options = {"population": 2, "tournament": 2, "limit": 120, "data_seed": SEED}
    return raynas.search(
        space=write_space(home), strategy="evolution", trials=4, epochs=1, seed=SEED, concurrency=1,
        name="run", storage=str(home / "runs"), options=options,
    )  # fmt: skip


@pytest.fixture
def older(run: raynas.Run, tmp_path: Path) -> Path:
    """The same folder as it was written before."""
    folder = Path(shutil.copytree(run.folder, tmp_path / "older"))
    values = yaml.safe_load((folder / "run.yaml").read_text())
    del values["versions"], values["data_fingerprint"], values["options"]["data_seed"]
    (folder / "run.yaml").write_text(yaml.safe_dump(values))
    (file,) = (folder / "trials").iterdir()
    rows = pq.ParquetFile(file).read().drop_columns(["known", "infeasible"])
    pq.write_table(rows.replace_schema_metadata(None), file)
    (folder / "record.json").unlink()
    (folder / "report.html").unlink()
    return folder


def test_it_is_opened_and_reported(run, older):
    opened = raynas.open_run(older)
    assert facts(record(opened)) == facts(record(run))
    assert opened.best()["trial_id"] == run.best()["trial_id"]
    said = io.StringIO()
    show_status(str(older), Console(file=said, width=200))
    assert "run: finished, 4 of 4 trials done, 0 failed" in said.getvalue()
    assert opened.report() == str(older / "report.html")
    assert "</html>" in (older / "report.html").read_text(encoding="utf-8")


def test_it_is_resumed_on_the_rows_that_it_was_divided_into(run, older):
    config = read_run_config(open_folder(str(older)))
    today = read_run_config(open_folder(run.folder))
    wanted = load_data("digits", today.data_options).fingerprint()
    assert load_data("digits", config.data_options).fingerprint() == wanted
    longer = raynas.resume(older, trials=6)
    trials = record(longer)
    assert facts(trials[:4]) == facts(record(run))
    assert sorted(trial.number for trial in trials) == list(range(6))
    assert len({trial.architecture.id for trial in trials}) == 6
    assert all(trial.proposal.known == place for place, trial in enumerate(trials))
    written = yaml.safe_load((older / "run.yaml").read_text())
    assert written["trials"] == 6
    assert read_run_config(open_folder(str(older))).data_options.data_seed == SEED
