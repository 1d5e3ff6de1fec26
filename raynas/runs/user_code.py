"""The user's own Python modules: found where a search starts, importable where its trials run."""

import ast
import io
import sys
import sysconfig
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

SPACE, MODULES = "space.py", "modules.zip"
"""The files of a folder that keep the space, and the modules."""

_OURS = "raynas"


def find_modules(source: str, names: list[str], folder: Path | None) -> bytes:
    """Return a zip of the user's modules that a source or the modules `names` import, at any depth.

    They are looked for in `folder` and where Python looks, except in its own installation. What is
    imported under a name made up at run time is not found. Nothing found: no bytes.
    """
    folders = [folder] if folder else []
    folders += [Path(entry) for entry in sys.path if not is_installed(Path(entry).resolve())]
    sources: dict[str, bytes] = {}
    queue = [*names, *_imports(source.encode(), "")]
    while queue:
        name = queue.pop()
        for path, package in _files(name, folders):
            if path not in sources:
                content = (package[0] / path).read_bytes()
                sources[path] = content
                queue += _imports(content, package[1])
    if not sources:
        return b""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(sources):
            archive.writestr(path, sources[path])
    return buffer.getvalue()


def install_modules(archive: bytes) -> None:
    """Make the modules of a zip importable in this process: after its own folder, before others.

    Raises:
        ValueError: it is broken, or holds something else; nothing was unpacked.
    """
    if not archive:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            sources = {name: file.read(name) for name in file.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{MODULES} cannot be read: {error}; put back a copy of it") from error
    for name in sources:
        parts = name.split("/")
        if not name.endswith(".py") or {"", ".", ".."} & {*parts} or "\\" in name:
            raise ValueError(f"{MODULES} holds {name!r}, which is no module; nothing was unpacked")
    folder = Path(tempfile.mkdtemp(prefix="raynas-modules-"))
    for name, source in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(source)
    sys.path.insert(1, str(folder))


def _files(name: str, folders: list[Path]) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Yield the files that importing a dotted name runs: (path, (its folder, its package))."""
    parts = name.split(".")
    if parts[0] in ("", _OURS):
        return
    for folder in folders:
        if not ((folder / parts[0]).is_dir() or (folder / f"{parts[0]}.py").is_file()):
            continue
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if (folder / path / "__init__.py").is_file():
                yield f"{path}/__init__.py", (folder, ".".join(parts[:depth]))
            elif (folder / f"{path}.py").is_file():
                yield f"{path}.py", (folder, ".".join(parts[: depth - 1]))
        return


def _imports(source: bytes, package: str) -> list[str]:
    """List the dotted names that a module imports, and what it imports from them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names += [f"{base}.{alias.name}" for alias in node.names]
    return names


def is_installed(folder: Path) -> bool:
    """Whether a folder belongs to the Python installation or its environment."""
    homes = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")}
    return any(folder == home or home in folder.parents for home in homes) or not folder.is_dir()
