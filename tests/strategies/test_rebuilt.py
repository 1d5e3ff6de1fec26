"""With several workers, too, a rebuilt strategy is the one that lived on."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from run_cases import SPACE, open_ledger, wait_for
from strategy_cases import CASES, SPACES, derived_by, make, score_of

from raynas.runs.run_config import make_config
from raynas.runs.trial import read_proposal, write_proposal
from raynas.space import load_space_source
from raynas.strategies import Proposal, Result, Strategy

WORKERS = 4


class Life:
    """A strategy with several workers, whose trials take turns in an order that a seed gives."""

    def __init__(self, strategy: Strategy, seed: int) -> None:
        self.strategy, self.rng = strategy, np.random.default_rng(seed)
        self.running: list[Proposal] = []
        self.told: list[tuple[Proposal, Result]] = []

    def go_on(self, results: int) -> None:
        """Keep the workers busy until there are so many results more."""
        for _ in range(results):
            self.start()
            proposal = self.running.pop(int(self.rng.integers(len(self.running))))
            result = result_of(self.strategy, proposal)
            self.told.append((proposal, result))
            self.strategy.tell(proposal.number, result)
        self.start()

    def start(self) -> None:
        while len(self.running) < WORKERS:
            proposal = self.strategy.ask()
            if proposal is None:
                return
            self.running.append(proposal)

    def next_ones(self, count: int = 10) -> list[tuple[Proposal, dict[str, int]]]:
        before = len(self.told) + len(self.running)
        self.go_on(count)
        asked = [*(proposal for proposal, _ in self.told), *self.running]
        asked.sort(key=lambda proposal: proposal.number)
        return [(p, p.architecture.picks) for p in asked if p.number >= before]


def result_of(strategy: Strategy, proposal: Proposal) -> Result:
    """A score; one in seven failed, one in five was stopped early; a supernet derives something."""
    derived = derived_by(strategy.space, proposal)
    if derived is not None:
        return Result(None, derived=derived)
    score = score_of(proposal.architecture)
    failed = proposal.number % 7 == 3
    return Result(None if failed else score, finished=proposal.number % 5 != 4)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_the_next_ten_proposals_are_those_of_the_strategy_that_lived_on(
    name: str, label: str, seed: int
) -> None:
    alive = Life(make(name, SPACES[label], seed=seed), seed)
    alive.go_on(14)
    again = Life(make(name, SPACES[label], seed=seed), seed)
    again.told = [(through_json(proposal), result) for proposal, result in alive.told]
    again.running = list(map(through_json, alive.running))
    again.strategy.recall(again.told, reversed(again.running))
    again.rng = np.random.default_rng(9)
    alive.rng = np.random.default_rng(9)
    assert again.strategy.history == alive.strategy.history
    assert list(again.strategy.pending) == list(alive.strategy.pending)
    assert again.next_ones() == alive.next_ones()
    assert again.strategy.history == alive.strategy.history


def through_json(proposal: Proposal) -> Proposal:
    return read_proposal(write_proposal(proposal), known=0)


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
from test_rebuilt import WORKERS

ledger = open_ledger(Path(sys.argv[1]), make_config(**json.loads(sys.argv[3])))
rng, running = np.random.default_rng(0), []
while True:
    while len(running) < WORKERS:
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
        while asked - (count - 1) < WORKERS:
            assert alive.ask() is not None
            asked += 1
        alive.tell(trial.number, Result(trial.metrics["val_accuracy"]))
    while asked < ledger.strategy.next_number:
        assert alive.ask() is not None
        asked += 1
    assert ledger.done >= 12
    assert alive.history == ledger.strategy.history
    assert [alive.ask() for _ in range(10)] == [ledger.strategy.ask() for _ in range(10)]
