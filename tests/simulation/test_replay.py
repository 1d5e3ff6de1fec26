"""Replay: the same strategies on a table and a simulated cluster."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raynas.options.command_options import ReplayCall
from raynas.simulation.run_replay import Summary, replay
from raynas.simulation.simulated_workers import idle_share, simulate
from raynas.space import Architecture, Choice, Record
from raynas.strategies import RandomSearch, RegularizedEvolution, Result, Strategy

SPACE = '''"""Two numbers."""
from raynas.space import Choice, Record

space = Record(a=Choice(range(10)), b=Choice(range(10)))


def build(value, input_shape, num_outputs):
    raise NotImplementedError


def key(architecture):
    return f"{architecture.value['a']}-{architecture.value['b']}"
'''
COLUMNS = ["seed", "number", "finished", "worker", "started_at", "finished_at", "key", "signal"]


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "own.py").write_text(SPACE)
    (tmp_path / "keyless.py").write_text(SPACE.replace("def key", "def other"))
    pairs = [(a, b) for a in range(10) for b in range(10)]
    columns = {
        "name": [f"{a}-{b}" for a, b in pairs],
        "score": [float(10 * a + b) for a, b in pairs],
        "seconds": [1.0 + (3 * a + b) % 10 for a, b in pairs],
        "holes": [None if a == b else float(a) for a, b in pairs],
        "never": [0.0] * 100,
    }
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    pq.write_table(pa.table(columns).slice(1), tmp_path / "short.parquet")
    return {
        "space": str(tmp_path / "own.py"),
        "table": str(tmp_path / "table.parquet"),
        "key": "name",
        "signal": "score",
        "strategy": "random",
        "trials": 30,
    }


def replayed(wanted: dict[str, Any], output: Path | str) -> Summary:
    return replay(ReplayCall.checked({**wanted, "output": output}))


def rows(wanted: dict[str, Any], output: Path) -> list[dict[str, Any]]:
    replayed(wanted, output)
    table = pq.read_table(output)
    assert table.column_names == COLUMNS
    listed: list[dict[str, Any]] = table.to_pylist()
    return listed


def test_a_row_an_evaluation(wanted: dict[str, Any], tmp_path: Path) -> None:
    found = rows({**wanted, "seeds": 3, "first_seed": 5}, tmp_path / "out.parquet")
    assert [r["seed"] for r in found] == [5] * 30 + [6] * 30 + [7] * 30
    for seed in (5, 6, 7):
        mine = [r for r in found if r["seed"] == seed]
        assert [r["number"] for r in mine] == [r["finished"] for r in mine] == list(range(30))
        assert [r["started_at"] for r in mine] == [float(i) for i in range(30)]
        assert len({r["key"] for r in mine}) == 30
    for row in found:
        a, b = row["key"].split("-")
        assert row["signal"] == 10 * int(a) + int(b)
        assert row["finished_at"] == row["started_at"] + 1


def test_the_same_again_and_in_several_processes(wanted: dict[str, Any], tmp_path: Path) -> None:
    asked = {**wanted, "seeds": 3, "strategy": "evolution", "workers": 4, "duration": "seconds"}
    one = rows(asked, tmp_path / "one.parquet")
    assert rows({**asked, "jobs": 2}, tmp_path / "two.parquet") == one


def test_it_proposes_what_the_strategy_proposes(wanted: dict[str, Any], tmp_path: Path) -> None:
    options = {"population": 5, "tournament": 2}
    found = rows({**wanted, "strategy": "evolution", "options": options}, tmp_path / "out.parquet")
    space = Record(a=Choice(range(10)), b=Choice(range(10)))
    strategy = RegularizedEvolution(space, seed=0, population=5, tournament=2)
    for row in found:
        proposal = strategy.ask()
        assert proposal is not None
        value = proposal.architecture.value
        assert row["key"] == f"{value['a']}-{value['b']}"
        strategy.tell(proposal.number, Result(row["signal"]))


def test_workers_overlap_and_are_never_idle(wanted: dict[str, Any], tmp_path: Path) -> None:
    asked = {**wanted, "workers": 7, "duration": "seconds", "trials": 60}
    found = rows(asked, tmp_path / "out.parquet")
    assert [r["finished"] for r in found] == list(range(60))
    assert [r["finished_at"] for r in found] == sorted(r["finished_at"] for r in found)
    assert [r["number"] for r in found] != list(range(60))
    for worker in range(7):
        mine = sorted((r["started_at"], r["finished_at"]) for r in found if r["worker"] == worker)
        assert mine[0][0] == 0
        assert all(one[1] == next_[0] for one, next_ in pairwise(mine))


def test_a_missing_signal_is_a_failed_trial(wanted: dict[str, Any], tmp_path: Path) -> None:
    asked = {**wanted, "signal": "holes", "trials": 100, "mode": "min"}
    found = rows(asked, tmp_path / "out.parquet")
    assert sum(r["signal"] is None for r in found) == 10
    summary = replayed(asked, tmp_path / "out.parquet")
    assert summary.best == [0.0]


def test_it_ends_when_the_space_is_exhausted(wanted: dict[str, Any], tmp_path: Path) -> None:
    assert len(rows({**wanted, "trials": 1000, "workers": 3}, tmp_path / "out.parquet")) == 100


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"space": "keyless.py"}, "keyless.* has no `key\\(architecture\\)`"),
    "no space": ({"space": "nowhere.py"}, "space file .*nowhere.py cannot be read"),
    "no table": ({"table": "nowhere.parquet"}, "nowhere.parquet cannot be read"),
    "no parquet": ({"table": "own.py"}, "own.py cannot be read: .*[Pp]arquet"),
    "no column": ({"signal": "val"}, "has no column 'val'; it has name, score, seconds"),
    "no key column": ({"key": "val"}, "has no column 'val'; it has name, score, seconds"),
    "no duration": ({"duration": "val"}, "has no column 'val'"),
    "text signal": ({"signal": "name"}, "column 'name': expected numbers, got string"),
    "zero seconds": ({"duration": "never"}, "expected seconds above 0, got 0.0 for '0-0'"),
    "not there": ({"table": "short.parquet", "trials": 100}, "'0-0' is not there, the key of"),
    "repeated": ({"key": "holes"}, "stands there twice"),
    "strategy": ({"strategy": "evo"}, "unknown strategy 'evo'; expected one of random"),
    "option": ({"options": {"popsize": 3}}, "option 'popsize' is not one of strategy random"),
    "foreign option": ({"options": {"batch_size": 3}}, "'batch_size' is not one of strategy"),
    "trials": ({"trials": 0}, "trials: .*1, got 0"),
    "workers": ({"workers": 0}, "workers: expected an integer from 1, got 0"),
    "mode": ({"mode": "most"}, "mode: expected max or min, got 'most'"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(
    wanted: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    for name in ("space", "table"):
        if name in change:
            change = {**change, name: str(tmp_path / change[name])}
    with pytest.raises(ValueError, match=message):
        replayed({**wanted, **change}, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_an_output_that_cannot_be_written_is_said_first(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"output '/no/such/out.parquet': expected a file in a"):
        replayed(wanted, "/no/such/out.parquet")


def test_who_waits_is_asked_again_after_each_result() -> None:
    class Waits(RandomSearch):
        def propose(self, rng: Any) -> Any:
            return None if len(self.pending) > 1 else super().propose(rng)

    strategy: Strategy = Waits(Record(a=Choice(range(50))))
    evaluations = simulate(strategy, lambda architecture: (1.0, 1.0), 20, workers=4)
    assert [e.number for e in evaluations] == list(range(20))
    assert idle_share(evaluations, 4) == pytest.approx(0.5)


def test_a_failed_answer_is_told_as_one() -> None:
    strategy = RandomSearch(Record(a=Choice(range(50))))

    def answer(architecture: Architecture) -> tuple[float | None, float]:
        return (None if architecture.value["a"] % 2 else 1.0), 1.0

    evaluations = simulate(strategy, answer, 50, workers=4)
    assert [e.score for e in evaluations] == [e.score for e in strategy.history if not e.repeated]
    assert sum(e.score is None for e in evaluations) == 25
