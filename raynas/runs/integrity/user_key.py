"""The key of this account: 32 random bytes in the user's configuration, made once."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

LENGTH = 32


class NoKeyError(Exception):
    """This account has no key, and none can be made; the message says why."""


def key_path() -> Path:
    """Return where the key lies: $XDG_CONFIG_HOME/raynas/key, ~/.config/raynas/key by default."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(home):  # as the XDG specification has it
        home = os.path.join(os.path.expanduser("~"), ".config")
    return Path(home) / "raynas" / "key"


def read_key() -> bytes:
    """Return the key.

    Raises:
        NoKeyError: there is none, or it is not what we wrote.
    """
    path = key_path()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            facts = os.fstat(handle)
            key = file.read(LENGTH + 1) if stat.S_ISREG(facts.st_mode) else b""
    except OSError as error:
        raise NoKeyError(f"the key of this account cannot be read: {error}") from error
    if len(key) != LENGTH:
        raise NoKeyError(f"{path} is no key of raynas: expected {LENGTH} bytes")
    if facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise NoKeyError(f"{path} is not this account's alone: expected it to be its own, mode 600")
    return key


def make_key() -> bytes:
    """Return the key; make it where there is none. Of two that make one, both get the same.

    Raises:
        NoKeyError: that is not possible.
    """
    path = key_path()
    if not path.is_absolute():
        raise NoKeyError("this account has no home folder")
    with contextlib.suppress(OSError):
        if os.path.lexists(path):
            return read_key()
    temporary = path.with_name(f".key.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(handle)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    except OSError as error:
        raise NoKeyError(f"the key of this account cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return read_key()
