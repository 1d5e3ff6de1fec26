"""Only one process works on a run folder: a lock on a file system, a lease in an object store.

An object store has no locks. There the process that works on a run renews a small file, its lease,
every few seconds. Another one that finds it waits to see whether it is renewed: if so, the run is
going on; if not, the owner is gone and the run is taken over. An owner that was only cut off for a
while finds the lease in another's hands and stops.
"""

import contextlib
import fcntl
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from raynas.runs.storage import Folder

LEASE = "lease.json"
RENEW_EVERY_S = 5.0
LAPSES_AFTER_S = 15.0
"""A lease that was not renewed for so long, while one looked, is given up."""
_LONG_AGO_S = 3600.0
"""A lease this old needs no look: two machines' clocks do not differ so much."""

Lost = Callable[[Exception], object]
"""Is told why the run is not ours any more."""


class StillGoingError(ValueError):
    """The run is going on somewhere."""


@contextlib.contextmanager
def locked(
    folder: Folder, say: Callable[[str], object] = lambda text: None
) -> Iterator[list[Lost]]:
    """Keep other processes from working on the same run folder.

    What is appended to the list that it yields is called if the lease is lost to another process.

    Raises:
        ValueError: the run is going on in another process.
    """
    if folder.local is None:
        with _leased(folder, say) as listeners:
            yield listeners
        return
    with open(folder.local / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StillGoingError(f"run {folder.uri} is going on in another process") from error
        yield []


def is_locked(folder: Folder) -> bool:
    """Whether a process is at work on a run folder."""
    if folder.local is None:
        return time.time() - float(_read(folder).get("time", 0)) < LAPSES_AFTER_S
    with contextlib.suppress(FileNotFoundError), open(folder.local / ".lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextlib.contextmanager
def _leased(folder: Folder, say: Callable[[str], object]) -> Iterator[list[Lost]]:
    _await_lapse(folder, say)
    owner = {"owner": str(uuid.uuid4()), "host": platform.node(), "pid": os.getpid()}
    _renew(folder, owner, 0)
    time.sleep(1)  # of two that come at the same moment, one finds the other's lease
    _check(folder, owner)
    listeners: list[Lost] = []
    over = threading.Event()
    renewing = threading.Thread(
        target=_keep, args=(folder, owner, over, listeners), name="lease", daemon=True
    )
    renewing.start()
    try:
        yield listeners
    finally:
        over.set()
        renewing.join()
        if _read(folder).get("owner") == owner["owner"]:
            (folder / LEASE).delete()


def _keep(
    folder: Folder, owner: dict[str, Any], over: threading.Event, listeners: list[Lost]
) -> None:
    beat = 0
    while not over.wait(RENEW_EVERY_S):
        beat += 1
        try:
            _check(folder, owner)
            _renew(folder, owner, beat)
        except StillGoingError as error:
            for listener in listeners:
                listener(error)
            return
        except OSError:
            continue  # the store does not answer; whoever takes over meanwhile is found later


def _await_lapse(folder: Folder, say: Callable[[str], object]) -> None:
    """Wait until the lease of another process, if there is one, has lapsed.

    Raises:
        StillGoingError: it was renewed.
    """
    first = _read(folder)
    if not first or time.time() - first["time"] > _LONG_AGO_S:
        return
    say(
        f"Process {first['pid']} on {first['host']} did not say that it has left this run; waiting "
        f"{LAPSES_AFTER_S:.0f} s to see whether it is still there …"
    )
    end = time.monotonic() + LAPSES_AFTER_S
    while time.monotonic() < end:
        time.sleep(0.5)
        now = _read(folder)
        if not now:
            return
        if now != first:
            raise _going(folder, now)


def _check(folder: Folder, owner: dict[str, Any]) -> None:
    now = _read(folder)
    if now and now["owner"] != owner["owner"]:
        raise _going(folder, now)


def _going(folder: Folder, lease: dict[str, Any]) -> StillGoingError:
    where = f"process {lease['pid']} on {lease['host']}"
    return StillGoingError(f"run {folder.uri} is going on in another process ({where})")


def _renew(folder: Folder, owner: dict[str, Any], beat: int) -> None:
    folder.write(LEASE, json.dumps({**owner, "beat": beat, "time": time.time()}).encode())


def _read(folder: Folder) -> dict[str, Any]:
    try:
        lease: dict[str, Any] = json.loads(folder.read(LEASE))
    except FileNotFoundError:
        return {}
    return lease
