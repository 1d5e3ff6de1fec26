"""Only one process works on a run folder: a lock on a file system, a lease in an object store.

The lock is on a file in the folder. If that file is deleted, another process could make its own and
lock that: so whoever holds the lock looks now and then, and before each trial that it records,
whether the file is still there. It takes the lock back, or stops where another one has it.

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
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from raynas.runs.files.plain_files import check_no_link
from raynas.runs.storage import Folder

LOCK = ".lock"
LOOK_EVERY_S = 2.0
"""Seconds from one look at the lock's file to the next."""
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


class Hold(list[Lost]):
    """What a process has that works on a run: who is to be told if it loses the run."""

    def check(self) -> None:
        """Check that the run is still ours; where that cannot be asked at once, say nothing.

        Raises:
            StillGoingError: another process has it.
        """


@contextlib.contextmanager
def locked(folder: Folder, say: Callable[[str], object] = lambda text: None) -> Iterator[Hold]:
    """Keep other processes from working on the same run folder.

    What is appended to the list that it yields is called if the run is lost to another process.

    Raises:
        ValueError: the run is going on in another process, or its folder cannot be written.
    """
    with _leased(folder, say) if folder.local is None else _flocked(folder) as hold:
        yield hold


def is_locked(folder: Folder) -> bool:
    """Whether a process is at work on a run folder."""
    if folder.local is None:
        return time.time() - float(_read(folder).get("time", 0)) < LAPSES_AFTER_S
    with contextlib.suppress(FileNotFoundError):
        handle = _open(folder.local, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
    return False


def _open(folder: Path, flags: int) -> int:
    """Open the file of the lock, and nothing else: no link, no pipe; it is never emptied."""
    check_no_link(str(folder), str(folder / LOCK))
    handle = os.open(folder / LOCK, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError(f"{folder / LOCK} is no file; take it away")
    return handle


class _FileLock(Hold):
    """A lock on a file, which may be deleted meanwhile."""

    def __init__(self, folder: Folder, path: Path) -> None:
        super().__init__()
        self._folder, self._path = folder, path
        self._busy = threading.Lock()
        self._handle = self._take(f"run {folder.uri} is going on in another process")

    def _take(self, lost: str) -> int:
        while True:
            handle = _open(self._path, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(handle)
                raise StillGoingError(lost) from error
            if self._is_there(handle):
                return handle
            os.close(handle)

    def _is_there(self, handle: int) -> bool:
        try:
            there = os.lstat(self._path / LOCK)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(handle))

    def check(self) -> None:
        with self._busy:
            if not self._is_there(self._handle):
                new = self._take(
                    f"run {self._folder.uri} is in the hands of another process since its {LOCK} "
                    "was deleted; this one has stopped"
                )
                os.close(self._handle)
                self._handle = new

    def close(self) -> None:
        os.close(self._handle)


@contextlib.contextmanager
def _flocked(folder: Folder) -> Iterator[Hold]:
    try:
        hold = _FileLock(folder, Path(folder.path))
    except OSError as error:
        raise ValueError(
            f"run folder {folder.uri} cannot be written: {error}; status, trials and report "
            "--output FILE only read it"
        ) from error
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(hold, over), name="lock", daemon=True)
    looking.start()
    try:
        yield hold
    finally:
        over.set()
        looking.join()
        hold.close()


def _look(hold: _FileLock, over: threading.Event) -> None:
    while not over.wait(LOOK_EVERY_S):
        try:
            hold.check()
        except StillGoingError as error:
            for listener in hold:
                listener(error)
            return
        except (OSError, ValueError):
            continue  # the folder does not answer, or a link is in the place: writing will tell


@contextlib.contextmanager
def _leased(folder: Folder, say: Callable[[str], object]) -> Iterator[Hold]:
    _await_lapse(folder, say)
    owner = {"owner": str(uuid.uuid4()), "host": platform.node(), "pid": os.getpid()}
    _renew(folder, owner, 0)
    time.sleep(1)  # of two that come at the same moment, one finds the other's lease
    _check(folder, owner)
    listeners = Hold()
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
        lease = json.loads(folder.read(LEASE))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        lease = None
    if not isinstance(lease, dict):
        raise ValueError(
            f"{folder.uri_of(LEASE)} is broken, and so nobody knows whether the run is going on in "
            "another process; if it is not, delete that file"
        )
    return lease
