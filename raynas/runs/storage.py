"""A folder, local or remote, through pyarrow's file systems (and fsspec's, where it has none)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyarrow import fs


@dataclass(frozen=True)
class Folder:
    """A folder on a file system; picklable, so that every node of a cluster can write to it."""

    filesystem: fs.FileSystem
    path: str
    uri: str
    """How a person writes it: a path, or a URI."""

    @property
    def local(self) -> Path | None:
        """The path, where the folder is on this machine's file system."""
        return Path(self.path) if isinstance(self.filesystem, fs.LocalFileSystem) else None

    def __truediv__(self, name: str) -> "Folder":
        """Return a folder inside this one."""
        place, mark, options = self.uri.partition("?" if "://" in self.uri else "\0")
        return Folder(self.filesystem, f"{self.path}/{name}", f"{place}/{name}{mark}{options}")

    def make(self) -> None:
        """Create the folder and those above it."""
        self.filesystem.create_dir(self.path, recursive=True)

    def exists(self, name: str = "") -> bool:
        """Whether the folder, or a file or folder inside it, is there."""
        path = f"{self.path}/{name}" if name else self.path
        return bool(self.filesystem.get_file_info(path).type != fs.FileType.NotFound)

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.filesystem.open_input_stream(f"{self.path}/{name}") as stream:
            content: bytes = stream.read()
            return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file so that a reader, or a crash, sees the old content or the new, never half.

        On a local disk through a hidden file beside the folder; object stores are atomic as such.
        """
        local = self.local
        if local is None:
            with self.filesystem.open_output_stream(f"{self.path}/{name}") as stream:
                stream.write(content)
            return
        temporary = local.parent / f".{local.name}.{name}.{os.getpid()}.tmp"
        temporary.write_bytes(content)
        os.replace(temporary, local / name)

    def upload(self, source: Path, name: str) -> None:
        """Copy a local file into the folder, atomically."""
        self.write(name, source.read_bytes())

    def download(self, name: str, target: Path) -> None:
        """Copy a file of the folder to a local path."""
        target.write_bytes(self.read(name))

    def list(self) -> Iterator[fs.FileInfo]:
        """Yield what lies directly in the folder, sorted by name; nothing if it is not there."""
        selector = fs.FileSelector(self.path, allow_not_found=True)
        yield from sorted(self.filesystem.get_file_info(selector), key=lambda info: info.base_name)

    def delete(self) -> None:
        """Remove the folder with all that is in it (or the file, if it is one), if it is there."""
        kind = self.filesystem.get_file_info(self.path).type
        if kind == fs.FileType.File:
            self.filesystem.delete_file(self.path)
        elif kind != fs.FileType.NotFound:
            self.filesystem.delete_dir(self.path)


def open_folder(uri: str) -> Folder:
    """Open a local path or a URI that pyarrow or fsspec knows (s3://, gs://, hf://, …).

    Raises:
        ValueError: nothing installed knows the URI's scheme.
    """
    if "://" not in uri:
        path = os.path.abspath(os.path.expanduser(uri))
        return Folder(fs.LocalFileSystem(), path, uri.rstrip("/") or "/")
    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
    except (ValueError, OSError) as unknown:
        import fsspec

        try:
            remote, path = fsspec.core.url_to_fs(uri)
        except (ValueError, ImportError) as error:
            raise ValueError(f"storage {uri!r} cannot be opened: {error}") from unknown
        filesystem = fs.PyFileSystem(fs.FSSpecHandler(remote))
    return Folder(filesystem, path.rstrip("/"), uri.rstrip("/"))
