"""A new run folder: it is there whole or not at all.

run.yaml is written last, and a folder without it is no run. So what a search that was killed at the
wrong moment leaves is known, and the next one of that name takes its place.
"""

from shlex import quote

from raynas.runs.files.record_head import HEAD, RecordHead
from raynas.runs.found_network import Origin
from raynas.runs.integrity.identity import identity_of
from raynas.runs.integrity.signature import SIGNATURE, sign
from raynas.runs.lock import LEASE, LOCK
from raynas.runs.run_config import RunConfig
from raynas.runs.run_file import RUN_FILE, RunFile, run_file
from raynas.runs.run_folder import ORIGIN
from raynas.runs.storage import Folder
from raynas.runs.user_code import MODULES, SPACE

_BEFORE = (ORIGIN, SPACE, MODULES, SIGNATURE, HEAD)
"""What is written before run.yaml."""
_OF_LOCK = (LOCK, LEASE)


def leftovers(folder: Folder) -> list[str]:
    """Return what a search that was killed while it made this folder has left in it, if anything.

    Raises:
        ValueError: it is a run, or holds what no search writes; nothing in it is touched.
    """
    if folder.exists(RUN_FILE):
        raise ValueError(
            f"run {folder.uri} exists; choose another --name, or go on with: "
            f"raynas resume {quote(folder.uri)}"
        )
    try:
        names = [info.base_name for info in folder.list()]
    except NotADirectoryError as error:
        raise ValueError(f"{folder.uri} is a file; choose another --name") from error
    foreign = [name for name in names if name not in (*_BEFORE, *_OF_LOCK)]
    if foreign:
        raise ValueError(
            f"{folder.uri} exists and is no run: it holds {foreign[0]!r}; choose another --name, "
            "or take that folder away"
        )
    return [name for name in names if name not in _OF_LOCK]


def make_run(
    folder: Folder,
    config: RunConfig,
    source: str,
    modules: bytes = b"",
    file: RunFile | None = None,
    origin: Origin | None = None,
) -> list[str]:
    """Write a new run's folder, which is locked; return what is to be said, one line each.

    `file` is its run.yaml; without one, that of the config.

    Raises:
        ValueError: there is one already.
    """
    words, file = [], file or run_file(config)
    old = leftovers(folder)
    if old:
        words.append(f"{folder.uri} was left half made by a search that was killed; it is replaced")
    for name in old:
        folder.delete(name)
    folder.sweep()
    if origin is not None:
        folder.write(ORIGIN, origin.to_json())
    folder.write(SPACE, source.encode())
    if modules:
        folder.write(MODULES, modules)
    unsigned = sign(folder)
    if unsigned:
        words.append(f"{unsigned}; resume, retrain, export and load of this run need --trust")
    head = RecordHead.begun(
        identity_of(config, file.data_fingerprint, source, modules, file.to_be_sized)
    )
    folder.write(HEAD, head.to_json())
    folder.write(RUN_FILE, file.to_yaml().encode())
    return words
