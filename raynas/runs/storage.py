"""A folder, local or remote, through pyarrow's file systems (and fsspec's, where it has none)."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pyarrow import fs

from raynas.runs.files.plain_files import (
    TEMPORARY,
    check_no_link,
    read_plain,
    replace_file,
)
from raynas.runs.files.uris import remember, with_secrets, without_secrets

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""What is waited before each new try where an object store does not answer."""

_READINGS = 20
"""How often a file is read that is written meanwhile."""

_Done = TypeVar("_Done")


class StoreError(OSError):
    """A run folder cannot be written or read now, whatever is trained."""


@dataclass(frozen=True)
class Folder:
    """A folder on a file system; picklable, so that every node of a cluster can write to it.

    On a local disk no link in the folder that was opened is followed: LinkError, a ValueError.
    """

    filesystem: fs.FileSystem
    path: str
    uri: str
    """How a person writes it: a path, or a URI; secrets are left out."""
    root: str = ""
    """The path of the folder that was opened, where this one lies in it."""

    @property
    def local(self) -> Path | None:
        """The path, where the folder is on this machine's file system."""
        return Path(self.path) if isinstance(self.filesystem, fs.LocalFileSystem) else None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    def __truediv__(self, name: str) -> "Folder":
        """Return a folder inside this one."""
        path = f"{self.path}/{name}"
        return Folder(self.filesystem, path, self.uri_of(name), self.root or self.path)

    def _place(self, name: str = "") -> str:
        """Return the path of what lies in the folder, or of the folder, once it is no link."""
        path = f"{self.path}/{name}" if name else self.path
        if self.local:
            check_no_link(self.root or self.path, path)
        return path

    def uri_of(self, name: str) -> str:
        """Return how a person writes what lies in this folder."""
        return inside(self.uri, name)

    def make(self) -> None:
        """Create the folder and those above it."""
        self.filesystem.create_dir(self._place(), recursive=True)

    def exists(self, name: str = "") -> bool:
        """Whether the folder, or a file or folder inside it, is there."""
        path = self._place(name)
        return bool(self.filesystem.get_file_info(path).type != fs.FileType.NotFound)

    def read(self, name: str) -> bytes:
        """Return the content of a file, as one version of it was.

        pyarrow asks an object store for a file's size and then for so many bytes. If a version of
        another size is written in between, what it returns is cut off or has a wrong end.

        Raises:
            FileNotFoundError: it is not there.
            OSError: it cannot be read, or changes all the time.
        """
        path = self._place(name)
        if self.local:
            return read_plain(path)
        for _ in range(_READINGS):
            with self.filesystem.open_input_stream(path, compression=None) as stream:
                content: bytes = stream.read()
            if self.filesystem.get_file_info(path).size in (len(content), None):
                return content
        raise OSError(f"{self.uri_of(name)} is written while it is read, {_READINGS} times")

    def write(self, name: str, content: bytes, *, lasting: bool = True) -> None:
        """Write a file so that a reader, or a crash, sees the old content or the new, never half.

        On a local disk through a hidden file in the folder, and it is safe there when this returns,
        if it is to be `lasting`; object stores are atomic as such.
        """
        if self.local:
            place = Path(self._place(name))
            replace_file(place, lambda path: path.write_bytes(content), lasting=lasting)
            return
        with self.filesystem.open_output_stream(f"{self.path}/{name}") as stream:
            stream.write(content)

    def upload(self, source: Path, name: str) -> None:
        """Copy a local file into the folder, atomically."""
        self.write(name, source.read_bytes())

    def download(self, name: str, target: Path) -> None:
        """Copy a file of the folder to a local path."""
        target.write_bytes(self.read(name))

    def keep_trying(self, action: Callable[[], _Done]) -> _Done:
        """Do something with this folder; in an object store again and again while that fails.

        Raises:
            StoreError: it does not succeed.
        """
        for pause in () if self.local else PAUSES_S:
            try:
                return action()
            except OSError:
                time.sleep(pause)
        try:
            return action()
        except OSError as error:
            raise StoreError(f"run folder, {self.uri}: {error}") from error

    def list(self) -> Iterator[fs.FileInfo]:
        """Yield what lies directly in the folder, sorted by name; nothing if it is not there.

        What is being written is left out.
        """
        selector = fs.FileSelector(self._place(), allow_not_found=True)
        inside = sorted(self.filesystem.get_file_info(selector), key=lambda info: info.base_name)
        yield from (info for info in inside if not info.base_name.endswith(TEMPORARY))

    def sweep(self) -> None:
        """Remove what writers that were killed left; none may be at work here."""
        for left in Path(self._place()).glob(f".*{TEMPORARY}") if self.local else ():
            left.unlink(missing_ok=True)

    def delete(self, name: str = "") -> None:
        """Remove the folder, or what lies in it under a name, with all that is in it, if any."""
        path = self._place(name)
        kind = self.filesystem.get_file_info(path).type
        if kind == fs.FileType.File:
            self.filesystem.delete_file(path)
        elif kind != fs.FileType.NotFound and self.local:
            _remove_tree(path)
        elif kind != fs.FileType.NotFound:
            self.filesystem.delete_dir(path)


def _remove_tree(path: str) -> None:
    """Remove a folder; once more where a worker that is being ended has written to it meanwhile."""
    for pause in (0.1, 0.4, 0.0):
        try:
            shutil.rmtree(path)  # follows no link
        except FileNotFoundError:
            return
        except OSError:
            if not pause:
                raise
            time.sleep(pause)
        else:
            return


def inside(uri: str, name: str) -> str:
    """Return how a person writes what lies in a folder; a URI's options stay at its end."""
    place, mark, options = uri.partition("?" if "://" in uri else "\0")
    return f"{place}/{name}{mark}{options}"


def read_file(uri: str) -> bytes:
    """Return the content of a file, local or remote.

    Raises:
        ValueError: nothing installed knows the URI's scheme.
        OSError: it cannot be read.
    """
    file = open_folder(uri)
    with file.filesystem.open_input_stream(file.path, compression=None) as stream:
        content: bytes = stream.read()
        return content


def open_folder(uri: str) -> Folder:
    """Open a local path or a URI that pyarrow or fsspec knows (s3://, gs://, hf://, …).

    Raises:
        ValueError: nothing installed knows the URI's scheme, or its server does not answer.
    """
    if "://" not in uri:
        path = os.path.abspath(os.path.expanduser(uri))
        return Folder(fs.LocalFileSystem(), path, uri.rstrip("/") or "/")
    shown, uri = remember(uri.rstrip("/")), with_secrets(uri.rstrip("/"))
    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
    except OSError as error:
        raise _cannot_be_opened(uri, error) from None
    except ValueError:
        import fsspec

        try:
            remote, path = fsspec.core.url_to_fs(uri)
        except (ValueError, ImportError) as error:
            raise _cannot_be_opened(uri, error) from None
        filesystem = fs.PyFileSystem(fs.FSSpecHandler(remote))
    return Folder(filesystem, path.rstrip("/"), shown)


def _cannot_be_opened(uri: str, error: Exception) -> ValueError:
    """Say so without the secrets of the URI; where it has some, not what the library says."""
    shown = without_secrets(uri)
    reason = str(error) if shown == uri else type(error).__name__
    return ValueError(f"storage {shown!r} cannot be opened: {reason}")
