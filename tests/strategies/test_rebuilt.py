"""Rebuilt from a run's folder, a strategy is the one that lived on; what is broken is named."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_cases import SPACE, open_ledger, wait_for
from strategy_cases import SPACES, make

from raynas.runs.run_config import make_config
from raynas.space import load_space_source
from raynas.strategies import Result
from raynas.testing.driving import Life


def test_a_result_that_nobody_had_asked_for_is_named() -> None:
    alive = Life(make("random", SPACES["ordered"]), 0)
    alive.go_on(3)
    again = make("random", SPACES["ordered"])
    with pytest.raises(ValueError, match="the history is broken: result 0 is of trial "):
        again.recall(alive.told[::-1], alive.running)


DRIVER = """
import json, sys, time
from pathlib import Path
sys.path[:0] = json.loads(sys.argv[2])
import numpy as np
from run_cases import open_ledger, report_of
from raynas.runs.run_config import make_config
from raynas.testing.driving import Life

ledger = open_ledger(Path(sys.argv[1]), make_config(**json.loads(sys.argv[3])))
rng, running = np.random.default_rng(0), []
while True:
    while len(running) < Life.WORKERS:
        running.append(ledger.next()["trial_id"])
    trial_id = running.pop(int(rng.integers(len(running))))
    ledger.finish(trial_id, report_of(ledger.running[trial_id].proposal.architecture))
    time.sleep(0.01)
"""
"""Keeps four workers busy, until it is killed."""


@pytest.mark.parametrize("strategy", ["evolution", "greedy", "reinforce", "tpe"])
def test_after_sigkill_the_next_proposals_are_those_of_the_strategy_that_lived_on(
    strategy: str, tmp_path: Path
) -> None:
    options = {"population": 3, "tournament": 2} if strategy == "evolution" else {}
    values = {"strategy": strategy, "trials": 150, "space": "own.py", "options": options}
    arguments = [str(tmp_path / "run"), json.dumps(sys.path), json.dumps(values)]
    process = subprocess.Popen([sys.executable, "-c", DRIVER, *arguments])
    record = tmp_path / "run" / "trials" / "00000.parquet"
    wait_for(lambda: record.exists() and pq.read_metadata(record).num_rows >= 12, pause=0.005)
    process.kill()
    process.wait()

    config = make_config(**values)
    ledger = open_ledger(tmp_path / "run", config)
    alive = config.make_strategy(load_space_source(SPACE, "own"))
    asked = 0
    for count, trial in enumerate(ledger.trials(), 1):  # event by event, as it was for the driver
        while asked - (count - 1) < Life.WORKERS:
            assert alive.ask() is not None
            asked += 1
        alive.tell(trial.number, Result(trial.metrics["val_accuracy"]))
    while asked < ledger.strategy.next_number:
        assert alive.ask() is not None
        asked += 1
    assert ledger.done >= 12
    assert alive.history == ledger.strategy.history
    assert [alive.ask() for _ in range(10)] == [ledger.strategy.ask() for _ in range(10)]
