"""A worker as it was before its first trial, and making it that again after each one."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import psutil

from raynas.engine.trials.patches import Patches
from raynas.engine.trials.process_state import ProcessState
from raynas.engine.trials.user_state import Namespace, UserState

_GROWTH = 1 << 30
_FILES = 256
"""How many bytes of memory and open files a worker may hold more than after its first trial."""
_TERM_S = 3.0
"""How long processes that a trial has left are given to end by themselves."""
_LIBRARIES = (
    "aiobotocore", "asyncio", "botocore", "concurrent", "fsspec", "grpc", "lightning_fabric",
    "mlflow", "numpy", "opentelemetry", "pyarrow", "pytorch_lightning", "ray", "raynas",
    "tensorboard", "torch", "tqdm", "urllib3",
)  # fmt: skip
"""Libraries that keep threads of their own; who waits in one of them does nothing."""
_HELPERS = ("resource_tracker", "forkserver")
"""What the processes are called that Python's multiprocessing keeps."""


class WorkerSpentError(Exception):
    """This worker is not what it was any more; the next trial needs a fresh one."""


class WorkerState:
    """This process before its first trial."""

    def __init__(self, namespaces: Callable[[], Mapping[str, Namespace]]) -> None:
        """Look at it; `namespaces` returns what the user's own modules keep now."""
        self._settings, self._patches = ProcessState(), Patches()
        self._namespaces = namespaces
        self._user = UserState(namespaces())
        self._threads = set(threading.enumerate())
        self._process = psutil.Process()
        self._children = {child.pid for child in self._process.children(recursive=True)}
        self._after_first: tuple[int, int] | None = None

    def restore(self) -> None:
        """Put back what the last trial has changed.

        Raises:
            WorkerSpentError: that is not possible; the message says what has changed.
        """
        self._end_children()
        for name in (
            *self._settings.restore(),
            *self._patches.changes(),
            *self._user.changes(self._namespaces()),
        ):
            raise WorkerSpentError(f"{name} is not what it was")
        for thread in self._threads_left():
            raise WorkerSpentError(f"thread {thread.name!r} goes on")
        self._check_holdings()

    def _end_children(self) -> None:
        left = self._children_left()
        if not left:
            return
        gc.collect()  # loaders that nobody has any more end their processes
        for kill in ("terminate", "kill"):
            left = self._children_left()
            for child in left:
                with suppress(psutil.NoSuchProcess):
                    getattr(child, kill)()
            psutil.wait_procs(left, _TERM_S)

    def _children_left(self) -> list[psutil.Process]:
        left = []
        for child in self._process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if child.pid not in self._children and not any(
                    helper in part for helper in _HELPERS for part in child.cmdline()
                ):
                    left.append(child)
        return left

    def _threads_left(self) -> Iterator[threading.Thread]:
        new = [thread for thread in threading.enumerate() if thread not in self._threads]
        new = [thread for thread in new if not _belongs_to_a_library(thread)]
        for thread in new:
            thread.join(_TERM_S / len(new))
            if thread.is_alive():
                yield thread

    def _check_holdings(self) -> None:
        now = self._holds()
        if self._after_first is None:
            self._after_first = now
        memory, files = (n - before for n, before in zip(now, self._after_first, strict=True))
        if memory <= _GROWTH and files <= _FILES:
            return
        gc.collect()
        memory, files = (n - b for n, b in zip(self._holds(), self._after_first, strict=True))
        if memory > _GROWTH:
            raise WorkerSpentError(f"it holds {memory / 1e9:.1f} GB more than after its first one")
        if files > _FILES:
            raise WorkerSpentError(f"it holds {files} open files more than after its first one")

    def _holds(self) -> tuple[int, int]:
        return self._process.memory_info().rss, self._process.num_fds()


def _belongs_to_a_library(thread: threading.Thread) -> bool:
    """Whether all that a thread runs is code of a library that keeps threads."""
    frame = sys._current_frames().get(thread.ident or 0)
    modules = set()
    while frame is not None:
        modules.add(str(frame.f_globals.get("__name__", "")).partition(".")[0])
        frame = frame.f_back
    return bool(modules & {*_LIBRARIES}) and modules <= {*_LIBRARIES, *sys.stdlib_module_names}
