"""Ray Tune as the engine: it asks the ledger for trials and tells it what came of them."""

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import ray
from ray import tune

from raynas.engine.cluster import Room
from raynas.engine.ledger import Ledger
from raynas.engine.overtime import Overtime
from raynas.engine.ray_private import (
    IN_CREATION,
    LOW_MEMORY,
    NODE_DIED,
    QUIET,
    KeptSignal,
    error_of,
    kill_worker,
    wait_until_gone,
)
from raynas.engine.schedulers import EarlyStopping, make_scheduler
from raynas.engine.trials.candidate_trial import CandidateTrial
from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.trials.trial_setup import TrialSetup, reached
from raynas.engine.trials.worker_state import WorkerSpentError
from raynas.runs.storage import StoreError
from raynas.tune import FINISHED, StrategySearcher

_QUIET = {
    **QUIET,
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # no files per trial: 5 times the overhead
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # ours ends the run cleanly
    "TUNE_MAX_PENDING_TRIALS_PG": "1000000000",  # `_Handing` hands out as many as have room
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # the run folder is the state, not Tune's snapshot
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "1000000000",  # checked before the start
}

MACHINES_LOST = 5
"""How often in a row, with no epoch in between, a trial's machine may vanish before it fails."""
WORKERS_LOST = 1
"""The same for its worker alone: then it may well be the candidate that kills it."""


class _Unsaved:
    """Is left out of the snapshot that Tune pickles at the end: the run folder is the state."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class _Handing:
    """Hands the ledger's proposals to Tune, as many at a time as the cluster has room for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._room = Room(ledger.config)

    def suggest(self) -> dict[str, Any] | str | None:
        ledger = self._ledger
        if ledger.complete:
            return FINISHED
        limits = (ledger.left, ledger.config.concurrency, self._room.trials())
        if len(ledger.running) >= min(n for n in limits if n is not None):
            return None
        config = ledger.next()
        # What is running may lose its worker and come back, so that is awaited.
        over = config is None and ledger.exhausted and not ledger.running
        return FINISHED if over else config


class _Results(_Unsaved, tune.Callback):
    """Tells the ledger what Tune's trials report."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._live: dict[str, Any] = {}
        self._over = False
        self._killed: list[Any] = []
        self._overtime = Overtime(ledger.config.trial_minutes, ledger.warn_of)
        self._kept_signal: KeptSignal | None = KeptSignal()

    def stop_all(self) -> bool:
        """Whether to end the run now; then what is being trained is killed, it can be resumed."""
        ledger = self._ledger
        if not (ledger.stopped.is_set() or ledger.fatal or ledger.limit.over):
            for trial_id in self._overtime.look():
                kill_worker(self._live[trial_id])
            return False
        self._over = True
        while self._live:
            _, trial = self._live.popitem()
            self._killed += kill_worker(trial)
        return True

    def cut(self, setup: TrialSetup) -> None:
        """Record what was being trained when the time of the run was over, once nobody writes."""
        wait_until_gone(self._killed)
        with self._guard():
            self._ledger.cut(partial(reached, setup))

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """End the run, and not just the trial, where the record cannot be written."""
        try:
            yield
        except Exception as error:
            logging.getLogger(__name__).exception("the run cannot go on")
            self._ledger.give_up(error)

    def on_step_begin(self, iteration: int, trials: list[Any], **_: Any) -> None:
        if self._kept_signal is not None:
            self._kept_signal.give_back()
            self._kept_signal = None

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        trial_id = trial.config["trial_id"]
        self._live[trial_id] = trial
        self._overtime.begin(trial_id)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any
    ) -> None:
        report = TrialReport.of(result)
        with self._guard():
            if report is not None:
                self._ledger.note(trial.config["trial_id"], report)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        report, trial_id = TrialReport.of(trial.last_result), trial.config["trial_id"]
        self._live.pop(trial_id, None)
        self._overtime.end(trial_id)
        with self._guard():
            if report is None:
                self._ledger.fail(trial_id, "it ended without a result")
            elif report.lost is not None:
                fatal = StoreError(report.lost) if report.store_away else None
                self._ledger.lose(trial_id, report.lost, MACHINES_LOST, fatal)
            else:
                self._ledger.finish(trial_id, report)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        trial_id = trial.config["trial_id"]
        overtime = self._overtime.end(trial_id, counts=False)
        if self._live.pop(trial_id, None) is None and self._over:
            return  # killed by stop_all
        with self._guard():
            error = error_of(trial)
            reason = _worker_error(error)
            if overtime:
                self._ledger.fail(trial_id, self._overtime.reason())
            elif isinstance(error, WorkerSpentError):
                self._ledger.put_back(trial_id)
            elif _is_lost(error):
                most = MACHINES_LOST if NODE_DIED in reason else WORKERS_LOST
                self._ledger.lose(trial_id, reason, most)
            else:
                self._ledger.fail(trial_id, reason)


class _Stop(_Unsaved, tune.Stopper):
    """Ends Tune's loop when the ledger says so."""

    def __init__(self, results: _Results) -> None:
        self._results = results

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._results.stop_all()


def run_trials(
    ledger: Ledger,
    setup: TrialSetup | None,
    trainable: type[tune.Trainable] = CandidateTrial,
    *,
    callbacks: Sequence[tune.Callback] = (),
) -> None:
    """Run trials until the ledger has as many as it is to have, or says stop.

    `trainable` is given a reference to the `setup` of the trials, where there is one, as `stored`;
    `callbacks` follow the trials, too.

    Raises:
        Exception: what made it impossible to go on, as to write to the run folder.
    """
    if ledger.complete or (ledger.exhausted and not ledger.running):
        return
    config = ledger.config
    resources = {"cpu": config.cpus_per_trial, "gpu": config.gpus_per_trial}
    if config.workers_per_trial > 1:  # Ray Train places them; Tune wants a trial to need something
        resources = {"memory": 1}
    # By reference: the workers of a trial get it from where the trial does.
    with_setup = tune.with_parameters(trainable, stored=[ray.put(setup)]) if setup else trainable
    results = _Results(ledger)
    scheduler = make_scheduler(config.scheduler_options, config.epochs, config.metric, config.mode)
    if isinstance(scheduler, EarlyStopping):
        for trial in ledger.trials():
            scheduler.recall(trial.number, trial.trial_id, trial.curve)
    with _quiet_tune(), tempfile.TemporaryDirectory(prefix="raynas-tune-") as scratch:
        tune.run(  # not tune.Tuner, which pickles all of this into the experiment
            with_setup,
            name="run",
            metric=config.metric,
            mode=config.mode,
            num_samples=-1,  # `_Handing` says when it is enough
            resources_per_trial=resources,
            search_alg=StrategySearcher(ledger.strategy, runner=_Handing(ledger)),
            scheduler=scheduler,
            callbacks=[results, *callbacks],
            stop=_Stop(results),
            reuse_actors=True,
            storage_path=scratch,
            trial_dirname_creator=_name,
            trial_name_creator=_name,
            raise_on_failed_trial=False,
            verbose=0,
            progress_reporter=tune.CLIReporter(),  # that for notebooks clears the cell's output
        )
    if setup and ledger.limit.over and not (ledger.stopped.is_set() or ledger.fatal):
        results.cut(setup)
    if ledger.fatal is not None:
        raise ledger.fatal


def _name(trial: Any) -> str:
    return str(trial.config["trial_id"])


def _is_lost(error: Exception | None) -> bool:
    """Whether a worker or its machine is gone, not by a lack of memory or a broken set-up."""
    lost = (ray.exceptions.RayActorError, ray.exceptions.NodeDiedError)
    ours = (LOW_MEMORY, IN_CREATION)
    return isinstance(error, lost) and not any(cause in str(error) for cause in ours)


def _worker_error(error: Exception | None) -> str:
    """Say in one line why a worker was lost."""
    text = " ".join(str(error).split())
    if isinstance(error, ray.exceptions.OutOfMemoryError) or LOW_MEMORY in text:
        return f"out of memory: the worker was killed ({text[:300]})"
    if isinstance(error, ray.exceptions.RayActorError):
        lines = [line for line in str(error).splitlines()[1:] if not line.startswith("\t")]
        return f"the worker died ({' '.join(lines)[:300] or text[:300]})"
    return f"{type(error).__name__}: {text[:500]}"


@contextmanager
def _quiet_tune() -> Iterator[None]:
    """Let Tune write and say only what the run needs, also where the user has started Ray."""
    logger = logging.getLogger("ray.tune")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the record has what befalls a trial
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
