"""The code in a folder (space.py, modules.zip) is run if this account wrote it, or where told to.

A folder that raynas writes is signed with the account's key, over its code alone: a copy of it at
another place is still this account's, one whose space.py was edited is not. What is data only
(run.yaml, the record, weights, cards) needs no trust.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from raynas.runs.integrity.user_key import NoKeyError, make_key, read_key
from raynas.runs.storage import Folder
from raynas.runs.user_code import MODULES, SPACE

SIGNATURE = "signature"
_CODE = (SPACE, MODULES)


@dataclass(frozen=True)
class StoredCode:
    """The code of a folder: the text of its space, and the modules that this imports."""

    source: str
    modules: bytes


def sign(folder: Folder) -> str | None:
    """Sign the code of a folder that this account has just written; say why that is not possible.

    The folder is complete without; then its code is run with --trust only.
    """
    try:
        key = make_key()
    except NoKeyError as error:
        return str(error)
    folder.write(SIGNATURE, _signed(key, _code_of(folder)).encode())
    return None


def read_code(folder: Folder, *, trust: bool) -> StoredCode:
    """Return the code of a folder, to be run.

    Raises:
        ValueError: there is none, it is no text, or nobody has said that it may be run; the line
            says what would be, and how to allow it.
    """
    code = _code_of(folder)
    if SPACE not in code:
        raise ValueError(
            f"{folder.uri_of(SPACE)} is missing: nothing of the run can be built without it; put "
            "it back (status, trials and report work without it)"
        )
    if not trust:
        _check(folder, code)
    try:
        source = code[SPACE].decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{folder.uri_of(SPACE)} is no text in UTF-8: {error}") from error
    return StoredCode(source, code.get(MODULES, b""))


def is_trusted(folder: Folder) -> bool:
    """Whether this account has signed the code of a folder as it is."""
    try:
        _check(folder, _code_of(folder))
    except ValueError:
        return False
    return True


def _check(folder: Folder, code: dict[str, bytes]) -> None:
    files = " and ".join(name for name in _CODE if name in code)
    allow = (
        f"it holds code ({files}) that would be run here; if you know who wrote it, add --trust "
        "(in Python: trust=True)"
    )
    if not folder.exists(SIGNATURE):
        raise ValueError(f"{folder.uri} is not known to be made by this account, and {allow}")
    try:
        expected = _signed(read_key(), code)
    except NoKeyError as error:
        raise ValueError(
            f"{folder.uri}: it cannot be checked who made it ({error}), and {allow}"
        ) from error
    if not hmac.compare_digest(folder.read(SIGNATURE).strip(), expected.encode()):
        raise ValueError(
            f"{folder.uri} was made by another account, or its code was changed since, and {allow}"
        )


def _code_of(folder: Folder) -> dict[str, bytes]:
    return {name: folder.read(name) for name in _CODE if folder.exists(name)}


def _signed(key: bytes, code: dict[str, bytes]) -> str:
    parts = [f"{name} {sha256(code[name]).hexdigest()}\n" for name in _CODE if name in code]
    return hmac.new(key, "".join(parts).encode(), sha256).hexdigest()
