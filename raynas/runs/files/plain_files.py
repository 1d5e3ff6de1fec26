"""Files of a folder on a disk: no link in it is followed, and none is seen half-written."""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

TEMPORARY = ".tmp"
"""How the name of a file ends that is being written."""

_UMASK = os.umask(0)
os.umask(_UMASK)  # it can only be read by setting it


class LinkError(ValueError):
    """A link stands where a folder's own file or folder is expected."""


def check_no_link(root: str, path: str) -> None:
    """Check that what lies at `path`, and what it lies in below `root`, is no symbolic link.

    Raises:
        LinkError: it is one; where it leads to is not touched.
    """
    place = root
    for part in filter(None, path[len(root) :].split("/")):
        place = f"{place}/{part}"
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        if stat.S_ISLNK(mode):
            raise LinkError(
                f"{place} is a symbolic link, and none in a run folder is followed; put there what "
                "it leads to, or take it away"
            )


def refuse_links(folder: Path, depth: int = 3) -> None:
    """Check that a folder holds no symbolic link, in it or in so many levels of folders.

    Raises:
        LinkError: it does.
    """
    for path in sorted(folder.iterdir()):
        check_no_link(str(folder), str(path))
        if depth > 1 and path.is_dir():
            refuse_links(path, depth - 1)


def read_plain(path: str) -> bytes:
    """Return the content of a file; what is no file (a link, a pipe) is not opened.

    Raises:
        OSError: there is none, or it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is no file")
        return file.read()


def replace_file(path: Path, write: Callable[[Path], object], *, lasting: bool = True) -> None:
    """Let `write` write a hidden file beside `path`, sync it, and give it that name.

    Until then nobody else can read it. What need not be `lasting` is not synced: if the machine
    loses its power, it may be empty.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}{TEMPORARY}"
    try:
        temporary.unlink(missing_ok=True)
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        write(temporary)
        with contextlib.suppress(PermissionError):  # a file system without permissions
            temporary.chmod(0o666 & ~_UMASK)
        if lasting:
            _sync(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if lasting:
        _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
