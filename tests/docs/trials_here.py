"""Trials of a run in this process, one after the other, where it matters not who trains them.

A worker of Ray takes ten seconds to start on two busy cores, and pages have many small searches.
All but Ray Tune is what it is in a search: the ledger, the loggers, the training and its reports.
"""

import queue
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from ray import tune

from raynas.engine.ledger import Ledger
from raynas.engine.trials.candidate_trial import _run
from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.trials.trial_setup import TrialSetup


def run_trials_here(
    ledger: Ledger, setup: TrialSetup, *, callbacks: Sequence[tune.Callback] = ()
) -> None:
    """Train until there are as many trials as there are to be."""
    while ledger.left and (config := ledger.next()) is not None:
        trial: Any = SimpleNamespace(config=config, last_result=None)
        for callback in callbacks:
            callback.on_trial_start(0, [], trial)
        for report in train(setup, config):
            trial.last_result = report.to_result(setup.metric)
            for callback in callbacks:
                callback.on_trial_result(0, [], trial, trial.last_result)
            ledger.note(config["trial_id"], report)
        for callback in callbacks:
            callback.on_trial_complete(0, [], trial)
        ledger.finish(config["trial_id"], report)


def train(setup: TrialSetup, config: dict[str, Any]) -> list[TrialReport]:
    """Train one trial to its end; returns what it reported."""
    reports: queue.SimpleQueue[TrialReport] = queue.SimpleQueue()
    many = threading.Semaphore(1_000_000)
    _run(setup, config, reports, threading.Event(), many)
    return [reports.get() for _ in range(reports.qsize())]
