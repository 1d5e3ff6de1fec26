"""A trial: one candidate or supernet trained in a Ray worker that outlives it."""

import gc
import platform
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ray
import torch
from ray.tune import Trainable

from raynas.engine.trials.printed import limited_printing
from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.trials.trial_setup import (
    TrialSetup,
    WorkersLostError,
    reached,
    test_trial,
    train,
)
from raynas.engine.trials.user_state import UserState
from raynas.engine.trials.worker_state import WorkerSpentError, WorkerState
from raynas.runs.storage import StoreError
from raynas.runs.user_code import SPACE
from raynas.training import CandidateError

_ENDS_WITHIN_S = 60.0
"""How long a trial that a scheduler has stopped is given to end."""


class CandidateTrial(Trainable):
    """Trains `config["architecture"]`; each step is one epoch, and the worker is used again.

    Where there is a `config["supernet"]`, that is what is trained, and it says what it derived.

    Training runs in a thread that hands over the report of each epoch, with the checkpoint already
    written, and goes on without waiting for the driver, unless a scheduler is to decide that: then
    no epoch is trained, and no checkpoint written, that it does not want. A candidate that fails
    ends with a report that has an error, so that the worker stays warm. Each trial finds the worker
    as the first one did.
    """

    def setup(self, config: dict[str, Any], stored: Sequence[Any]) -> None:  # type: ignore[override]  # tune.with_parameters adds it
        """Get the worker ready once with the setup that is `stored`, and begin its first trial."""
        (reference,) = stored
        self._setup: TrialSetup = replace(ray.get(reference), stored=reference)
        self._setup.prepare()
        self._look_at_space()
        self._state = WorkerState(self._setup.user_state)
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another trial in this worker, once the last one has ended.

        Raises:
            WorkerSpentError: the last one goes on, or left something that cannot be put back.
        """
        self._end()
        if self._thread.ident is not None:
            self._thread.join(_ENDS_WITHIN_S)
            if self._thread.is_alive():
                raise WorkerSpentError("the trial goes on, though it has been stopped")
        self._state.restore()
        if any(self._space_state.changes({SPACE: self._setup.space.namespace})):
            self._setup.reload_space()
            self._look_at_space()
        self._begin(new_config)
        return True

    def _look_at_space(self) -> None:
        self._space_state = UserState({SPACE: self._setup.space.namespace})

    def step(self) -> dict[str, Any]:
        """Train one epoch (or find out why that is not possible)."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._turns.release()
        return self._reports.get().to_result(self._setup.metric)

    def cleanup(self) -> None:
        """Tell the trial to end; the worker's process ends next, so nothing waits for it."""
        self._end()

    def _end(self) -> None:
        self._stop.set()
        self._turns.release()

    def _begin(self, config: dict[str, Any]) -> None:
        self._reports: queue.SimpleQueue[TrialReport] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._turns = threading.Semaphore(0)
        self._thread = threading.Thread(
            target=_run,
            args=(self._setup, config, self._reports, self._stop, self._turns),
            daemon=True,
        )


def _run(
    setup: TrialSetup,
    config: dict[str, Any],
    reports: "queue.SimpleQueue[TrialReport]",
    stop: threading.Event,
    turns: threading.Semaphore,
) -> None:
    """Run a trial; whatever happens, its last report is one that ends it, unless it was stopped."""
    started_at, node = datetime.now(UTC), platform.node()
    last = TrialReport(error="it ended without a result")

    def put(report: TrialReport) -> None:
        nonlocal last
        last = replace(report, started_at=started_at, node=node)
        reports.put(last)

    torch.set_num_threads(setup.threads)  # a new thread has what any other thread has set
    try:
        with limited_printing():
            _train(setup, config, put, stop, turns)
    except (WorkersLostError, StoreError) as error:
        put(TrialReport(lost=str(error), store_away=isinstance(error, StoreError)))
    except BaseException as error:  # a net that calls sys.exit() is a failed candidate, too
        put(TrialReport(error=_reason(error)))
    finally:
        if not last.ended and not stop.is_set():
            put(TrialReport(error="it ended without a result"))
        if torch.cuda.is_available():
            gc.collect()
            torch.cuda.empty_cache()


def _train(
    setup: TrialSetup,
    config: dict[str, Any],
    put: Callable[[TrialReport], None],
    stop: threading.Event,
    turns: threading.Semaphore,
) -> None:
    held: list[TrialReport] = []  # the last: with it the trial, and maybe its worker, ends

    def tell(report: TrialReport) -> bool:
        if (setup.tests or setup.logs) and report.finished:
            held.append(report)
        else:
            put(report)
        if setup.waits and not report.ended:
            turns.acquire()
        return stop.is_set()

    before = reached(setup, config) if setup.waits else None
    if before is not None and before.finished:
        before = None  # what is left of it is its last report
    if before is not None and tell(before):
        return
    training = train if setup.workers == 1 else _train_together()
    training(setup, config, tell, before.epoch if before else 0)
    for report in held:
        tested = (setup, config["trial_id"], config["architecture"])
        test = test_trial(*tested) if setup.tests else {}
        put(replace(report, metrics={**report.metrics, **test}))


def _train_together() -> Callable[..., None]:
    """Return what trains with several workers; a worker alone does not load Ray Train."""
    from raynas.engine.trials.multi_worker import train_together

    return train_together


def _reason(error: BaseException) -> str:
    """Say why a candidate failed, in one line; where that is not known, the log gets more."""
    line = _writable(" ".join(_text_of(error).split()))
    if isinstance(error, CandidateError):
        return line
    print(_writable("".join(traceback.format_tb(error.__traceback__))), line, file=sys.stderr)
    return f"{type(error).__name__}: {line[:500]}"


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "it cannot be told why"


def _writable(text: str) -> str:
    """Return a text that any file and terminal takes: file names may have bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()
