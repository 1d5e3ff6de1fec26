"""Hosts on one machine: network namespaces with a cable between two, own /tmp/ray and home each.

What runs on a host sees its own host name, its own home folder and the network between them, and
nothing else differs from this machine. All traffic stays inside; nothing else on the machine is
touched.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_ENTER = """
hostname "$1"; mount --bind "$2" "$3"; mkdir -p /tmp/ray; mount --bind "$2/ray" /tmp/ray
cd "$3"; shift 3; exec "$@"
"""


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout


class Host:
    """One of the hosts; commands that run on it are told from others by their namespace."""

    def __init__(self, name: str, address: str, folder: Path, token: str) -> None:
        self.name, self.address = name, address
        self.space = f"raynas-{uuid.uuid4().hex[:8]}-{name}"
        self.files = folder / name
        """What lies in its home folder."""
        self.home = folder / "home"
        (self.files / "ray").mkdir(parents=True)
        self.home.mkdir(exist_ok=True)
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": token,
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_timeout_ms": "1000",
            "RAY_health_check_failure_threshold": "3",
            "RAY_preload_python_modules": "raynas.engine.trials.candidate_trial",
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def start(self, *command: str, log: str) -> subprocess.Popen[bytes]:
        """Start a command in the host's home folder; what it says goes to the file `log` there."""
        enter = ["ip", "netns", "exec", self.space, "unshare", "--uts", "sh", "-ec", _ENTER, "sh"]
        with open(self.files / log, "ab") as file:
            process = subprocess.Popen(
                [*enter, self.name, str(self.files), str(self.home), *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def raynas(self, *arguments: str) -> subprocess.Popen[bytes]:
        code = "from raynas.cli import main; main()"
        return self.start(sys.executable, "-c", code, *arguments, log="raynas.log")

    def ray(self, *arguments: str, cpus: int = 1, **environment: str) -> None:
        """Start Ray here, with one logical CPU unless told."""
        common = [f"--num-cpus={cpus}", "--object-store-memory=80000000", "--disable-usage-stats"]
        own = f"--node-ip-address={self.address}"
        settings = [f"{name}={value}" for name, value in environment.items()]
        start = ["env", *settings, "ray", "start", own, *common, *arguments]
        assert self.start(*start, log="ray.log").wait(timeout=90) == 0, self.said("ray.log")

    def said(self, log: str = "raynas.log") -> str:
        return (self.files / log).read_text()

    def kill(self) -> None:
        """End everything that runs here, at once."""
        while pids := ip("netns", "pids", self.space).split():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.1)
        for process in self._started:
            process.wait()

    def vanish(self) -> None:
        """Pull the cable, then the plug: no other host hears a last word."""
        ip("-n", self.space, "link", "set", "eth0", "down")
        self.kill()

    def come_back(self) -> None:
        ip("-n", self.space, "link", "set", "eth0", "up")


@contextmanager
def one_host(folder: Path) -> Iterator[Host]:
    """Make the host "one"; skips the test where that is not allowed."""
    host = Host("one", "10.77.0.1", folder, uuid.uuid4().hex)
    with _connected(host):
        yield host


@contextmanager
def two_hosts(folder: Path) -> Iterator[tuple[Host, Host]]:
    """Make the hosts "one" and "two"; skips the test where that is not allowed."""
    token = uuid.uuid4().hex
    one, two = Host("one", "10.77.0.1", folder, token), Host("two", "10.77.0.2", folder, token)
    with _connected(one, two):
        yield one, two


@contextmanager
def _connected(*hosts: Host) -> Iterator[None]:
    first, last = hosts[0].space, hosts[-1].space
    far = "eth0" if first != last else "eth1"
    try:
        try:
            for host in hosts:
                ip("netns", "add", host.space)
            ends = ["eth0", "netns", first, "type", "veth", "peer", "name", far, "netns", last]
            ip("link", "add", *ends)
            for host in hosts:
                ip("-n", host.space, "addr", "add", f"{host.address}/24", "dev", "eth0")
                ip("-n", host.space, "link", "set", "lo", "up")
                ip("-n", host.space, "link", "set", "eth0", "up")
                assert host.start("true", log="first.log").wait() == 0
        except (OSError, subprocess.CalledProcessError, AssertionError) as error:
            pytest.skip(f"network namespaces are not allowed here: {error}")
        yield
    finally:
        for host in hosts:
            with suppress(OSError, subprocess.CalledProcessError):
                host.kill()
                ip("netns", "del", host.space)
