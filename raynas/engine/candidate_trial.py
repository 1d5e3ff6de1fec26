"""A trial: one candidate or supernet trained in a Ray worker that outlives it."""

import gc
import platform
import queue
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

import torch
from ray.tune import Trainable

from raynas.engine.multi_worker import WorkersLostError, train_together
from raynas.engine.trial_setup import Job, reached, test_trial, train
from raynas.runs.storage import StoreError
from raynas.training import CandidateError


class CandidateTrial(Trainable):
    """Trains `config["architecture"]`; each step is one epoch, and the worker is used again.

    Where there is a `config["supernet"]`, that is what is trained, and it says what it derived.

    Training runs in a thread that hands over the metrics of each epoch, with the checkpoint already
    written, and goes on without waiting for the driver, unless a scheduler is to decide that: then
    no epoch is trained, and no checkpoint written, that it does not want. A candidate that fails
    ends with a result that has an "error", so that the worker stays warm.
    """

    def setup(self, config: dict[str, Any], job: Job) -> None:  # type: ignore[override]  # tune.with_parameters adds job
        """Get the worker ready once, and begin its first trial."""
        job.prepare()
        self._job = job
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another trial in this worker, once the last one has ended."""
        self._end()
        if self._thread.ident is not None:
            self._thread.join()
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch (or find out why that is not possible)."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._turns.release()
        return self._results.get()

    def cleanup(self) -> None:
        """Tell the trial to end; the worker's process ends next, so nothing waits for it."""
        self._end()

    def _end(self) -> None:
        self._stop.set()
        self._turns.release()

    def _begin(self, config: dict[str, Any]) -> None:
        self._results: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._turns = threading.Semaphore(0)
        self._thread = threading.Thread(
            target=self._train, args=(config, self._results, self._stop, self._turns), daemon=True
        )

    def _train(
        self,
        config: dict[str, Any],
        results: "queue.SimpleQueue[dict[str, Any]]",
        stop: threading.Event,
        turns: threading.Semaphore,
    ) -> None:
        job = self._job
        shared = {"started_at": datetime.now(UTC).isoformat(), "node": platform.node()}
        held: list[dict[str, Any]] = []  # the last: with it the trial, and maybe its worker, ends

        def report(result: dict[str, Any]) -> bool:
            if (job.tests or job.logs) and result["finished"]:
                held.append(result)
            else:
                results.put({**shared, **result})
            if job.waits and not result["done"]:
                turns.acquire()
            return stop.is_set()

        try:
            before = reached(job, config) if job.waits else None
            if before is not None and report(before):
                return
            training = train if job.workers == 1 else train_together
            training(job, config, report, len(before["curve"]) if before else 0)
            for result in held:
                tested = (job, config["trial_id"], config["architecture"])
                test = test_trial(*tested) if job.tests else {}
                names = [*result["metric_names"], *test]
                results.put({**shared, **result, **test, "metric_names": names})
        except (WorkersLostError, StoreError) as error:
            lost = {"lost": str(error), "store": isinstance(error, StoreError)}
            results.put({**shared, job.metric: float("nan"), **lost, "done": True})
        except BaseException as error:  # a net that calls sys.exit() is a failed candidate, too
            if not isinstance(error, CandidateError):
                traceback.print_exc()
            failure = {job.metric: float("nan"), "error": _reason(error), "done": True}
            results.put({**shared, **failure})
        finally:
            if torch.cuda.is_available():
                gc.collect()
                torch.cuda.empty_cache()


def _reason(error: BaseException) -> str:
    """Say why a candidate failed, in one line."""
    if isinstance(error, CandidateError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:500]}"
