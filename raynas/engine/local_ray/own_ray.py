"""A Ray of our own: started while the driver loads what it needs, watched, and ended with it.

Loads Ray and nothing else that takes time: it is there to be begun with.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from pathlib import Path

import ray

from raynas.engine.local_ray import forked_worker
from raynas.engine.local_ray.forked_worker import SCRIPT
from raynas.engine.local_ray.watchdog import Watchdog
from raynas.engine.ray_private import (
    KEEPS_IDLE,
    LATER,
    LOOPBACK_ONLY,
    NO_FORK,
    PRELOAD,
    RAYS_WORKER_SCRIPT,
    own_session,
    workers_that_are_there,
)
from raynas.options.run_options import RunOptions
from raynas.runs.endings import RunFailed

_PRELOADED = "raynas.engine.local_ray.loaded_worker"
"""What the idle workers of a Ray of our own import at once, before the first trials come."""
LOADED_WORKERS = "RAYNAS_LOADED_WORKERS"
"""Names the folder in which each leaves a file then."""
_LOADS_WITHIN_S = 60.0
_LOOKS_EVERY_S = 0.05
_SILENCE_S, _HEARS_OUT_S = 0.4, 10.0
"""What workers have printed comes some tenths of a second later; that there is no more of it is
taken from a silence of so long, and not waited for longer than the other."""
STARTS_WITHIN_S = (30.0, 180.0)
"""How long a Ray of our own may take to start: at first, and once more where that was too short."""
_NEEDED = ("gcs_server", "raylet")
_WATCH_EVERY_S = 0.5
_ENDS_WITHIN_S = 5.0
"""How long this process is given to end by itself when one of these has ended."""


class RayProcesses:
    """The processes of a Ray of our own, which end with this one, however that ends."""

    def __init__(
        self,
        processes: Sequence["subprocess.Popen[bytes]"] = (),
        watchdog: Watchdog | None = None,
    ) -> None:
        """Look after those that a watchdog watches; workers that have loaded use its folder."""
        self._processes, self._watchdog = processes, watchdog
        self.on_loss: Callable[[str], object] = lambda words: None
        """Called with what is to be said when one has ended without which nothing goes on."""
        self.last_words: Callable[[str], object] = lambda words: None
        """Called with the same, if this process does not end by itself then."""
        self._over = threading.Event()
        if processes:
            threading.Thread(target=self._watch, daemon=True).start()

    @contextlib.contextmanager
    def idle_workers(self, count: int, over: threading.Event) -> Iterator[None]:
        """Let trials take the workers of a Ray of our own that have loaded what trials need.

        So many are waited for, until it is `over`: for a trial that comes before, Ray starts one
        more, which loads the same beside them.
        """
        if self._watchdog is None:
            yield
            return
        end, loaded = time.monotonic() + _LOADS_WITHIN_S, self._watchdog.folder
        while len(list(loaded.glob("[0-9]*"))) < count and time.monotonic() < end:
            if over.wait(_LOOKS_EVERY_S):
                break
        with workers_that_are_there():
            yield

    def _watch(self) -> None:
        while not self._over.wait(_WATCH_EVERY_S):
            if name := self._lost():
                words = f"Ray's {name} has ended, and with it all workers; what is recorded is kept"
                self.on_loss(words)
                self.end()
                if not self._over.wait(_ENDS_WITHIN_S):  # it waits for an answer of what is gone
                    self.last_words(words)
                    os._exit(1)
                return

    def _lost(self) -> str | None:
        """Return the name of one that has ended and is needed, None where all are there."""
        for process in self._processes:
            command = process.args
            name = Path(str(command[0])).name if isinstance(command, list) else ""
            if name in _NEEDED and process.poll() is not None:
                return name
        return None

    def end(self) -> None:
        """Kill what is left of them."""
        if self._watchdog is not None:
            self._watchdog.end()

    def hear_out(self) -> None:
        """Wait while Ray still hands on what workers have printed, where that goes to a file."""
        end = time.monotonic() + _HEARS_OUT_S
        size = -1
        while self._processes and size != (now := _printed()) and time.monotonic() < end:
            size = now
            time.sleep(_SILENCE_S)

    def close(self) -> None:
        """Kill what is left of them, and watch no more."""
        self._over.set()
        self.end()


def _printed() -> int:
    """Return how long the files are that this process prints to."""
    total = 0
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            total += os.fstat(stream).st_size
    return total


def start_ray(say: Callable[[str], object]) -> RayProcesses:
    """Start a Ray of our own, once more and with more patience where it does not come in time.

    Raises:
        RunFailed: it does not start.
    """
    reason = ""
    for place, seconds in enumerate(STARTS_WITHIN_S):
        watchdog = Watchdog()
        loaded = {PRELOAD: _PRELOADED, LOADED_WORKERS: str(watchdog.folder)}
        try:
            with _environment({**loaded, **NO_FORK, **KEEPS_IDLE, **LATER}), ExitStack() as stack:
                script = RAYS_WORKER_SCRIPT
                if sys.platform == "linux":
                    names = watchdog.fork_server()
                    stack.enter_context(_environment({**names, SCRIPT: RAYS_WORKER_SCRIPT}))
                    script = forked_worker.__file__
                started = stack.enter_context(
                    own_session(
                        loopback=True,
                        starts_within_s=seconds,
                        watch=watchdog.watch,
                        worker_script=script,
                    )
                )
                ray.init(
                    address="local",
                    include_dashboard=False,
                    logging_level=logging.ERROR,
                    log_to_driver=True,
                    **LOOPBACK_ONLY,
                )
        except Exception as error:  # Ray has no type for this one
            reason = " ".join(str(error).split())[:300]
            ray.shutdown()
            watchdog.end()
            if place == 0:
                say(f"Ray has not started ({reason}); trying once more, with more time")
        except BaseException:
            watchdog.end()
            raise
        else:
            for _ in range(os.cpu_count() or 1):
                _have_worker.remote()
            return RayProcesses(started, watchdog)
    raise RunFailed(f"Ray does not start on this machine, tried twice: {reason}")


@ray.remote
def _have_worker() -> None:
    """Have Ray start a worker, which is idle then: one for each CPU, if they come together."""


@contextlib.contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """Let what is started within have `more` in its environment, unless it is there already."""
    new = {name: value for name, value in more.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


class RaySoon:
    """A Ray of our own that starts in a thread, while this one does something else."""

    def __init__(self) -> None:
        """Begin."""
        self._words: list[str] = []
        self._started: Future[RayProcesses] = Future()
        self._over = threading.Event()
        threading.Thread(target=self._start, daemon=True).start()

    def _start(self) -> None:
        try:
            self._started.set_result(start_ray(self._words.append))
        except BaseException as error:  # is raised where it is waited for
            self._started.set_exception(error)
        self._over.wait()  # Ray's processes end with the thread that has started them

    def processes(self, say: Callable[[str], object]) -> RayProcesses:
        """Wait for its processes; what there was to say of its start is said then.

        Raises:
            RunFailed: it does not start.
        """
        wait([self._started])
        for line in self._words:
            say(line)
        return self._started.result()

    def close(self) -> None:
        """End it, if nobody has."""
        if self._started.exception() is None:
            ray.shutdown()
            self._started.result().close()
        self._over.set()


@contextlib.contextmanager
def ray_soon(address: str | None, *, sure: bool) -> Iterator[RaySoon | None]:
    """Start a Ray of our own meanwhile, unless another one is to be used.

    Only where the caller is `sure` that it will be needed: to end it again takes seconds.
    """
    soon = None
    if sure and not (address or os.environ.get("RAY_ADDRESS") or ray.is_initialized()):
        soon = RaySoon()
    try:
        yield soon
    finally:
        if soon is not None:
            soon.close()


def workers_at_first(config: RunOptions) -> int:
    """Return how many trials of a run begin at once in a Ray of our own, on this machine's CPUs."""
    if config.workers_per_trial > 1:
        return 0  # Ray Train starts theirs
    room = int((os.cpu_count() or 1) / config.cpus_per_trial + 1e-9) if config.cpus_per_trial else 1
    return max(0, min(room, config.concurrency or room, config.trials or room))
