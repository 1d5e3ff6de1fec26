"""`raynas replay` and scripts/compare_strategies.py, from a table to a comparison."""

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from raynas.cli import app

SPACE = '''"""Two numbers."""
from raynas.space import Choice, Record

space = Record(a=Choice(range(6)), b=Choice(range(6)))


def build(value, input_shape, num_outputs):
    raise NotImplementedError


def key(architecture):
    return f"{architecture.value['a']}-{architecture.value['b']}"
'''
REPLAY = "replay --space own.py --table table.parquet --key name --signal score --trials 12"
Call = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    """Return a function that runs raynas in a folder with a space and its table."""
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(SPACE)
    pairs = [(a, b) for a in range(6) for b in range(6)]
    columns = {
        "name": [f"{a}-{b}" for a, b in pairs],
        "score": [float(6 * a + b) for a, b in pairs],
        "test": [float(100 + 6 * a + b) for a, b in pairs],
        "seconds": [1.0 + (5 * a + 3 * b) % 10 for a, b in pairs],
    }
    pq.write_table(pa.table(columns), "table.parquet")

    def run(command: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(command.split())
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def compare_strategies() -> ModuleType:
    """Return the script as a module."""
    path = Path(__file__).parents[2] / "scripts" / "compare_strategies.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_replay_writes_a_row_an_evaluation_and_says_one_line(call: Call) -> None:
    code, out, err = call(
        f"{REPLAY} --strategy evolution --set population=4 --set tournament=2 --seeds 2 "
        "--first-seed 3 --workers 3 --duration seconds --output out.parquet"
    )
    assert (code, err) == (0, "")
    assert re.fullmatch(
        r"evolution: best score \d\S* ± \S+ over 2 seeds, 24 evaluations in .* s \(.* ms each\), "
        r"workers idle 0\.00 %; out\.parquet\n",
        out,
    )
    table = pq.read_table("out.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "seed": "int64",
        "number": "int64",
        "finished": "int64",
        "worker": "int64",
        "started_at": "double",
        "finished_at": "double",
        "key": "string",
        "signal": "double",
    }
    known = {row["name"]: row for row in pq.read_table("table.parquet").to_pylist()}
    for row in table.to_pylist():
        assert row["signal"] == known[row["key"]]["score"]
        assert row["finished_at"] - row["started_at"] == known[row["key"]]["seconds"]
    assert set(table["seed"].to_pylist()) == {3, 4}
    assert set(table["worker"].to_pylist()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("--strategy evo", "unknown strategy 'evo'; expected one of random"),
        ("--strategy random --set popsize=3", "option 'popsize' is not one of strategy random"),
        (
            "--strategy random --signal val",
            "has no column 'val'; it has name, score, test",
        ),
        ("--strategy random --space chain_cnn", "has no `key\\(architecture\\)`"),
        ("--strategy random --mode best", "mode: expected max or min, got 'best'"),
        ("--strategy random --output no/such/out.parquet", "expected a file in a folder that is"),
        ("--strategy grid --set largest=9", "the space has 36 architectures, and .* largest=9"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(call: Call, change: str, expected: str) -> None:
    command = f"{REPLAY} --output out.parquet"
    for flag in re.findall("--[a-z]+", change):  # an option is given once
        command = re.sub(rf" {flag} \S+", "", command)
    code, out, err = call(f"{command} {change}")
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"raynas: .*{expected}.*\n", err)
    assert not Path("out.parquet").exists()


def test_strategies_are_compared_in_a_table_and_a_plot(
    call: Call, compare_strategies: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("random", "greedy"):
        code, _, err = call(
            f"{REPLAY} --strategy {name} --seeds 4 --workers 2 --duration seconds "
            f"--output {name}.parquet"
        )
        assert (code, err) == (0, "")
    command = (
        "random.parquet greedy.parquet --table table.parquet --report test --at 5 12 "
        "--plot plot.html --json figures.json"
    )
    compare_strategies.main(command.split())
    shown = capfd.readouterr().out
    rows = {row["file"]: row for row in json.loads(Path("figures.json").read_text())}
    assert list(rows) == ["random", "greedy"]
    for name, row in rows.items():
        found = pq.read_table(f"{name}.parquet").to_pylist()
        for point in (5, 12):
            best = [
                max(r["signal"] for r in found if r["seed"] == seed and r["finished"] < point)
                for seed in range(4)
            ]
            assert row[f"best at {point}"] == f"{np.mean(best):.3f}±{np.std(best):.3f}"
        assert row["optimum found"] == f"{best.count(35.0)} of 4"
        assert row["test"] == f"{100 + np.mean(best):.3f}±{np.std(best):.3f}"
        assert row["best at 12"] in shown
    plot = Path("plot.html").read_text(encoding="utf-8")
    figure = plot[plot.rindex("Plotly.newPlot") :]
    for name in rows:  # a line and its spread, against evaluations and against time
        assert figure.count(f'"legendgroup":"{name}"') == 4
    assert figure.count('"fill":"toself"') == 4
    for words in ("evaluations", "simulated seconds", "best score so far"):
        assert words in figure


def test_a_timed_curve_is_the_best_of_what_had_finished(
    tmp_path: Path, compare_strategies: ModuleType
) -> None:
    columns = {
        "seed": [0, 0, 0, 1, 1],
        "finished": [0, 1, 2, 0, 1],
        "finished_at": [1.0, 2.0, 4.0, 3.0, 5.0],
        "key": list("abcde"),
        "signal": [0.5, 0.2, 0.7, None, 0.1],
    }
    metadata = {"raynas": json.dumps({"signal": "s", "mode": "min"})}
    table = pa.table(columns).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "x.parquet")
    searches = compare_strategies.read(str(tmp_path / "x.parquet"))
    assert searches.curve.tolist() == [[0.5, 0.2, 0.2], [np.inf, 0.1, 0.1]]
    assert searches.times.tolist() == [[1, 2, 4], [3, 5, 5]]
    assert searches.best_keys() == ["b", "e"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("none.parquet", "none.parquet cannot be read: "),
        ("table.parquet", "table.parquet has no column 'seed'; was it written by raynas replay"),
        ("out.parquet --report test", "--report needs --table"),
        ("out.parquet --table table.parquet --report val", "table.parquet has no column 'val'"),
        ("out.parquet --at 0", r"--at: expected numbers from 1, got \[0\]"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    call: Call,
    compare_strategies: ModuleType,
    capfd: pytest.CaptureFixture[str],
    command: str,
    expected: str,
) -> None:
    assert call(f"{REPLAY} --strategy random --output out.parquet")[0] == 0
    with pytest.raises(SystemExit, match="2"):
        compare_strategies.main(command.split())
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(rf"compare_strategies: .*{expected}.*\n", err)


def test_an_absent_row_is_a_failed_trial_where_that_is_wanted(call: Call) -> None:
    whole = pq.read_table("table.parquet")
    pq.write_table(whole.filter(pa.compute.greater(whole["score"], 9.0)), "table.parquet")
    replay = f"{REPLAY} --strategy random --seeds 3 --duration seconds --output out.parquet"
    code, _, err = call(replay)
    assert code == 2
    assert re.search(r"'0-\d|1-[0-3]' is not there, .*; --missing fail takes it for a failed", err)
    code, _, err = call(f"{replay} --missing fail")
    assert (code, err) == (0, "")
    rows = pq.read_table("out.parquet").to_pandas()
    absent = ~rows["key"].isin(
        whole.filter(pa.compute.greater(whole["score"], 9.0))["name"].to_pylist()
    )
    assert 0 < absent.sum() < len(rows)
    assert (rows["signal"].isna() == absent).all()
    seconds = rows["finished_at"] - rows["started_at"]
    assert (seconds[absent] == 5.5).all()


def test_a_replay_that_is_ended_leaves_the_seeds_that_were_done(call: Call, monkeypatch) -> None:
    from raynas.options.command_options import ReplayCall
    from raynas.simulation.run_replay import replay

    done = []

    def progress() -> None:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt

    wanted = ReplayCall(
        space="own.py", table="table.parquet", key="name", signal="score", strategy="random",
        trials=5, output="out.parquet", seeds=9,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        replay(wanted, progress)
    assert pq.read_table("out.parquet")["seed"].to_pylist() == [0] * 5 + [1] * 5
