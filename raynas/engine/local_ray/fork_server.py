"""A process that has loaded what trials need, and starts Ray's workers by forking itself.

A worker that Ray starts loads PyTorch, Lightning and the rest for seconds; one that is forked has
them, and shares their memory. For a Ray of our own, on Linux; `forked_worker` is what asks.

Ray itself is loaded by each worker: it reads its environment when it is, and draws its identifiers
from a generator that siblings would share.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from raynas.engine.local_ray.forked_worker import FORK_SERVER

_LOADS = ("pandas", "pyarrow.parquet", "raynas.training", "raynas.training.darts", "raynas.data")
"""What workers need and is without Ray: it is loaded before the first of them is forked."""


class _Server:
    """Forks a worker for each that connects, and tells it how that worker ends."""

    def __init__(self, listener: socket.socket) -> None:
        """Serve those who connect to this socket."""
        self._listener = listener
        self._askers: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._ends, self._told_of_ends = os.pipe()
        for end in (self._ends, self._told_of_ends):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._told_of_ends, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Go on until the standard input is closed, which the driver's end does."""
        for source in (self._listener, self._ends, sys.stdin):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listener:
                    self._fork(self._listener.accept()[0])
                elif key.fileobj == self._ends:
                    self._tell_ends()
                else:
                    self._lost(key.fileobj)

    def _fork(self, asker: socket.socket) -> None:
        _, descriptors, _, _ = socket.recv_fds(asker, 1, 3)
        with asker.makefile("rb") as lines:
            asked = lines.readline()
        if not asked.endswith(b"\n"):  # it has ended meanwhile
            asker.close()
        elif (worker := os.fork()) == 0:
            self._become_worker(descriptors, asker, **json.loads(asked))
        else:
            self._askers[worker] = asker
            self._selector.register(asker, selectors.EVENT_READ)
            with contextlib.suppress(OSError):  # as above; it is seen to have ended
                asker.sendall(b"forked\n")
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(
        self,
        descriptors: list[int],
        asker: socket.socket,
        *,
        arguments: list[str],
        environment: dict[str, str],
        folder: str,
    ) -> None:
        """Do what Python does that is started with these arguments, there."""
        os.setpgrp()  # when a worker has ended, Ray kills all of its group
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        self._selector.close()
        for descriptor in (self._ends, self._told_of_ends):
            os.close(descriptor)
        for stranger in (self._listener, asker, *self._askers.values()):
            stranger.close()
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        random.seed()  # not what its siblings draw
        np.random.seed()
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).parent))
        runpy.run_path(arguments[0], run_name="__main__")
        sys.exit()

    def _tell_ends(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._ends, 4096)
        with contextlib.suppress(ChildProcessError):
            while (end := os.waitpid(-1, os.WNOHANG))[0]:
                if asker := self._askers.pop(end[0], None):
                    self._selector.unregister(asker)
                    with asker, contextlib.suppress(OSError):
                        asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(end[1]))

    def _lost(self, asker: Any) -> None:
        """Kill the worker of an asker that has ended: Ray kills a worker so that is not up yet."""
        worker = next(number for number, its in self._askers.items() if its is asker)
        del self._askers[worker]
        self._selector.unregister(asker)
        asker.close()
        os.kill(worker, signal.SIGKILL)


def start_fork_server(folder: Path) -> tuple["subprocess.Popen[bytes]", dict[str, str]]:
    """Start one with its socket in this folder; return it, and what its askers' environment needs.

    It ends with the process that has started it.
    """
    path = folder / "workers"
    process = subprocess.Popen(  # noqa: S603 (this Python)
        [sys.executable, "-P", "-m", __name__, str(path)],  # nothing of the user's folder
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process, {FORK_SERVER: str(path)}


def _main(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(64)  # who asks while this is loading waits
        for name in _LOADS:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is shared stays so
        _Server(listener).serve()


if __name__ == "__main__":
    _main(sys.argv[1])
