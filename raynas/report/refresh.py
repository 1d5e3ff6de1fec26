"""The report of a run that is going on, written anew now and then beside it."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from raynas.report import write_report
from raynas.runs.endings import meanwhile
from raynas.runs.run_folder import RunFolder

EVERY_S = 30.0
"""Seconds at least from one report to the next."""
SHARE = 20
"""A report that took long is followed by a pause so many times as long."""

_CODE = (
    "import os, sys; os.nice(19); from raynas.report import write_report; "
    "from raynas.runs.run_folder import open_run; write_report(open_run(sys.argv[1]))"
)
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def refreshed(run: RunFolder, done: Callable[[], int], every: float = EVERY_S) -> Iterator[None]:
    """Write the report whenever `done()`, the number of finished trials, has changed.

    In a process of its own and of the lowest priority, so that neither the trials nor what hands
    them out wait for it. What goes wrong there is logged and ends nothing.
    """
    with meanwhile(partial(_keep, run, done, every)):
        yield


def write_last(run: RunFolder, state: str) -> None:
    """Write the report of a run that has ended; what goes wrong is logged."""
    try:
        write_report(run, state)
    except Exception:
        _log.exception("the report could not be written")


def _keep(run: RunFolder, done: Callable[[], int], every: float, over: threading.Event) -> None:
    seen, pause = -1, every
    while not over.wait(pause):
        if done() == seen:
            continue
        seen, start = done(), time.monotonic()
        try:
            _write(run.folder.uri, over)
        except OSError:
            _log.exception("the report could not be started")
        pause = max(every, SHARE * (time.monotonic() - start))


def _write(uri: str, over: threading.Event) -> None:
    """Write one report in another process; it is ended when the run is."""
    process = subprocess.Popen(  # noqa: S603 (our own code)
        [sys.executable, "-c", _CODE, uri],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,  # a signal to our group ends the run, and not this report
    )
    ending = threading.Thread(target=_end, args=(process, over), daemon=True)
    ending.start()
    _, problem = process.communicate()
    if process.returncode and not over.is_set():
        _log.warning("the report could not be written: %s", problem.strip()[-2000:])


def _end(process: "subprocess.Popen[str]", over: threading.Event) -> None:
    """Kill the process when the run is over, if it still goes on."""
    while process.poll() is None:
        if over.wait(0.2):
            process.kill()
            return
