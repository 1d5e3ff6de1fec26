"""What ends Ray's processes with this one, however this one ends."""

import subprocess
import tempfile
from pathlib import Path

from raynas.engine.local_ray.fork_server import start_fork_server


class Watchdog:
    """A shell that kills groups of processes when this process ends, however it does.

    On Linux also all that have its `folder` in their environment, as what they start has: it may be
    in groups and sessions of its own. The folder is removed.
    """

    _SCRIPT = """
        while read -r leader; do leaders="$leaders $leader"; done
        for leader in $leaders; do kill -9 "-$leader"; done
        for round in 1 2 3 4 5 6 7 8 9; do
            found=$(grep -lsF -e "$1" /proc/[0-9]*/environ)
            [ "$found" ] || break
            for file in $found; do
                file=${file#/proc/}
                kill -9 "${file%/environ}"
            done
            sleep 0.1
        done
        rm -rf "$1"
    """

    def __init__(self) -> None:
        """Start it; its input, which our end closes, says what to kill."""
        self.folder = Path(tempfile.mkdtemp(prefix="raynas-workers-"))
        self._shell = subprocess.Popen(  # noqa: S603 (a shell, and a folder of ours)
            ["/bin/sh", "-c", self._SCRIPT, "sh", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._server: subprocess.Popen[bytes] | None = None

    def watch(self, leader: int) -> None:
        """Watch one more group, by the number of the process that leads it."""
        if self._shell.stdin is not None:
            self._shell.stdin.write(f"{leader}\n".encode())
            self._shell.stdin.flush()

    def fork_server(self) -> dict[str, str]:
        """Start a fork server and watch it; return what workers' environment needs for it."""
        self._server, names = start_fork_server(self.folder)
        self.watch(self._server.pid)
        return names

    def end(self) -> None:
        """Kill what is left of them now."""
        self._shell.communicate()
        if self._server is not None:
            self._server.communicate()
