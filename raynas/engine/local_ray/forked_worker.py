"""What Ray runs in place of its own script that starts a worker: it asks `fork_server` for one.

Ray starts this file by its path, with the arguments of its own script. It imports nothing that
takes time. Where no worker can be forked, that script is run; Ray sees the same either way.
"""

import json
import os
import socket
import sys

FORK_SERVER = "RAYNAS_FORK_SERVER"
"""Names the socket of the server."""
SCRIPT = "RAYNAS_WORKER_SCRIPT"
"""Names Ray's own script."""
_SETUP = "--serialized-runtime-env-context="
"""What a user wants of the worker's surroundings; where it is anything, Ray's script sees to it."""
_LANGUAGE = "--language="


def _forked(arguments: list[str]) -> int | None:
    """Have a worker forked and wait for its end; return its exit code, None where there is none."""
    wanted = [argument for argument in arguments if argument.startswith(_SETUP)]
    if any(argument != f"{_SETUP}{{}}" for argument in wanted):
        return None
    for_ray = [name for name in arguments if not name.startswith((_SETUP, _LANGUAGE))]
    asked = {"arguments": for_ray, "environment": dict(os.environ), "folder": os.getcwd()}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.connect(os.environ[FORK_SERVER])
            socket.send_fds(server, [b"\n"], [0, 1, 2])
            server.sendall(json.dumps(asked).encode() + b"\n")
            with server.makefile("rb") as answers:
                return int(answers.readline() or 1) if answers.readline() else None
    except OSError:
        return None


def _main() -> None:
    code = _forked(sys.argv[1:])
    if code is None:
        script = [sys.executable, os.environ[SCRIPT], *sys.argv[1:]]
        os.execv(sys.executable, script)  # noqa: S606 (this Python)
    if code < 0:  # it was killed by a signal, and so is this
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    _main()
