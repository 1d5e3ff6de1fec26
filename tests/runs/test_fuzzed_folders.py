"""A damaged file of a run folder is named, or what is read is what was written."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from folder_cases import trained_run, write_best
from fuzzing import answer, anything, damaged, fuzzed, inputs
from hypothesis import strategies as st
from run_cases import facts

from raynas.runs import record
from raynas.runs.found_network import FoundNetwork
from raynas.runs.integrity.identity import CHANGEABLE
from raynas.runs.run_folder import open_run
from raynas.runs.trial import Trial, read_proposal
from raynas.space import describe
from raynas.terminal.output import plain_console
from raynas.terminal.status import show_status

FREE = {*CHANGEABLE, "storage"}
"""The options that a person may change in a run.yaml: nothing knows what they were."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven trials in files of three, of eight, and one that waits."""
    path = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "ROWS_A_FILE", 3)
        trained_run(path, done=7, waiting=1, trials=8)
    write_best(path)
    return path


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "ROWS_A_FILE", 3)


def seen(run: Path) -> tuple[dict[str, Any], list[Any], str]:
    """What `raynas status` reads of a run, and what it prints."""
    text = StringIO()
    show_status(str(run), plain_console(text, width=100))
    opened = open_run(str(run))
    config = {name: v for name, v in opened.config.model_dump().items() if name not in FREE}
    best = opened.best()
    trials = list(opened.trials())
    return config, [*facts(trials), best and best.number], text.getvalue()


def check_options(read: dict[str, Any], written: dict[str, Any]) -> None:
    """What a run.yaml says is what it said; an option of a part that it lacks is no other."""
    parts, parts_written = read.pop("options"), written["options"]
    assert read == {name: value for name, value in written.items() if name != "options"}
    assert all(parts.get(name, value) == value for name, value in parts_written.items())


FILES = (
    "trials/00000.parquet",
    "trials/00001.parquet",
    "trials/00002.parquet",
    "record.json",
    "run.yaml",
)


@pytest.mark.parametrize("name", FILES)
@inputs(20, 600)
def test_a_damaged_file_is_named_or_read_as_it_was(count: int, name: str, run: Path) -> None:
    file = run / name
    content = file.read_bytes()
    config, trials, text = seen(run)

    @fuzzed(count, damaged(content))
    def property_of(bad: bytes) -> str:
        file.write_bytes(bad)
        try:
            read, line = answer(lambda: seen(run))
        finally:
            file.write_bytes(content)
        if read is None:
            assert name in line or (name == "record.json" and "trials" in line), line
            return "refused"
        check_options(read[0], config)
        assert read[1] == trials
        assert read[2] == text or name == "run.yaml"
        return "read as it was"


def edited(whole: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """JSON of which one value has become anything."""
    return st.tuples(st.sampled_from(sorted(whole)), anything).map(
        lambda field: json.dumps({**whole, field[0]: field[1]}, default=str, skipkeys=True).encode()
    )


@inputs(100, 2_000)
def test_the_best_is_read_as_it_was_written_or_refused(count: int, run: Path) -> None:
    content = (run / "best/architecture.json").read_bytes()
    facts_written = json.loads(content)

    @fuzzed(count, st.one_of(damaged(content), edited(facts_written)))
    def property_of(bad: bytes) -> str:
        network, line = answer(lambda: FoundNetwork.read(bad, "best/architecture.json"))
        if network is None:
            assert line.startswith("best/architecture.json is broken: ")
            return "refused"
        assert FoundNetwork.read(network.to_json(), "again") == network or b"NaN" in bad
        return "worked"


FAULTS = (ValueError, KeyError, TypeError, AttributeError)
"""What the readers of a row and of a proposal may raise: who calls them names the file."""


@inputs(100, 3_000)
def test_a_row_of_nonsense_is_no_trial(count: int, run: Path) -> None:
    row = next(open_run(str(run)).trials()).to_row()
    nested = st.sampled_from(["[" * 100_000, "[" * 300 + "]" * 300])
    texts_of_json = st.one_of(anything, nested).map(
        lambda value: (
            value if isinstance(value, str) else json.dumps(value, default=str, skipkeys=True)
        )
    )

    @fuzzed(count, st.sampled_from(sorted(row)), st.one_of(anything, texts_of_json))
    def property_of(column: str, value: Any) -> str:
        try:
            trial = Trial.from_row({**row, column: value}, 0)
        except FAULTS:
            return "refused"
        assert isinstance(describe(trial.architecture.value), str)
        return "worked"


@inputs(100, 3_000)
def test_a_proposal_of_nonsense_is_refused(count: int, run: Path) -> None:
    content = (run / "checkpoints/run_00007/proposal.json").read_bytes()
    whole = json.loads(content)
    deep = st.just(b'{"number": 7, "architecture": ' + b"[" * 100_000)

    @fuzzed(count, st.one_of(damaged(content), edited(whole), deep))
    def property_of(bad: bytes) -> str:
        try:
            read_proposal(bad, known=7)
        except FAULTS:
            return "refused"
        return "worked"
