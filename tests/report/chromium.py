"""A real headless Chromium, driven over a pipe by the DevTools protocol.

Nothing but the browser is needed: no driver of it, no port, no library.
https://chromedevtools.github.io/devtools-protocol/
"""

import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = (
    "chromium", "chromium-headless-shell", "chromium-browser", "google-chrome",
    "google-chrome-stable",
)  # fmt: skip
PATIENCE_S = 60.0


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """Sends commands and keeps what the browser tells by itself in `events`."""

    def __init__(self, process: "subprocess.Popen[bytes]", write: int, read: int) -> None:
        self._process, self._write, self._read = process, write, read
        self._numbers = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str) -> None:
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium does not answer"
            received = os.read(self._read, 1 << 20)
            assert received, "Chromium has ended"
            self._rest += received
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """A page that is open in the browser."""

    def __init__(self, browser: Browser, path: Path, width: int, dark: bool) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        browser.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        browser.wait_for("Page.loadEventFired")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def run(self, code: str) -> Any:
        """Return the value of an expression, a promise's once it is there."""
        found = self.call(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def errors(self) -> list[str]:
        """What went wrong on the page so far: exceptions, console errors, refused loads."""
        self.run("0")  # whatever was told before has come by now
        return [
            json.dumps(event["params"])
            for event in self._browser.events
            if event["method"] == "Runtime.exceptionThrown"
            or event["method"] == "Log.entryAdded"
            or (
                event["method"] == "Runtime.consoleAPICalled"
                and event["params"]["type"] in ("error", "warning", "assert")
            )
        ]

    def requests(self) -> list[str]:
        """Every address that the page asked for, its own among them."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event["method"] == "Network.requestWillBeSent"
        ]


@contextmanager
def open_page(path: Path, width: int = 1200, dark: bool = False) -> Iterator[Page]:
    """Open a file in a browser of its own."""
    binary = find_chromium()
    assert binary is not None
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    fds = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out)]
    process = subprocess.Popen(
        [  # noqa: S607 (any bash will do; the protocol is spoken on descriptors 3 and 4)
            "bash", "-c", f'exec "$0" "$@" 3<&{fds[0]} 4>&{fds[1]}',
            binary, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={path.parent}/.chromium",
        ],
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for fd in (*fds, theirs_in, theirs_out):
        os.close(fd)
    try:
        browser = Browser(process, ours_out, ours_in)
        yield Page(browser, path, width, dark)
        browser.call("Browser.close")
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)
