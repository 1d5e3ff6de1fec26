"""Where a command's words go: ours to the terminal, everybody else's to a log file.

Ray, Lightning and native code write to file descriptors 1 and 2 from many places. Those are pointed
at a log file, which moves into the run folder once there is one; our console keeps the real ones.
"""

import os
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.markup import escape

from raynas.runs.wording import go_on

if TYPE_CHECKING:
    from raynas.runs.run_folder import RunFolder
    from raynas.terminal.live_view import TerminalView

LOG = "log.txt"
_PADDING = re.compile(r"[ \t]+$", re.MULTILINE)


class Output:
    """The consoles of one command; with `verbose` nothing is redirected."""

    def __init__(self, verbose: bool) -> None:
        """Prepare; the redirection begins with `with`."""
        self._verbose = verbose
        self._log: Path | None = None
        self._run: RunFolder | None = None
        self.console, self._errors = _console(sys.stdout), _console(sys.stderr)

    def __enter__(self) -> "Output":
        """Point descriptors 1 and 2 at a log file."""
        if self._verbose:
            return self
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved = [os.dup(1), os.dup(2)]
        self._files = [os.fdopen(os.dup(fd), "w", buffering=1) for fd in self._saved]
        self.console, self._errors = map(_console, self._files)
        handle, name = tempfile.mkstemp(prefix="raynas-", suffix=".log")
        os.close(handle)
        self._point_to(Path(name))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the descriptors back."""
        if self._verbose:
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        for number, fd in enumerate(self._saved, start=1):
            os.dup2(fd, number)
            os.close(fd)
        for file in self._files:
            file.close()
        if self._log and self._run:
            if self._run.folder.local is None:
                self._run.folder.upload(self._log, LOG)
                self._log.unlink()
        elif self._log:
            self._log.unlink()

    def view(self) -> "TerminalView":
        """Return the view of a run; when the run opens, the log moves into its folder."""
        from raynas.terminal.live_view import TerminalView

        return TerminalView(self.console, self._opened, others_print=self._verbose)

    def say(self, text: str) -> None:
        """Print one line of ours."""
        self.console.print(escape(text))

    def error(self, text: str) -> None:
        """Print one line to the standard error."""
        self._errors.print(escape(text))

    def crash(self, error: Exception) -> None:
        """Print one line for an error that should not happen; its traceback goes to the log."""
        with suppress(OSError):  # the log may lie on the disk that is full
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        text = in_one_line(" ".join(str(error).split())[:500])
        self.error(f"raynas: {type(error).__name__}: {text}{self._details()}")

    def resume_hint(self) -> str:
        """Say how to go on, once there is a run."""
        if self._run is None:
            return ""
        return f" {go_on(self._run.folder.uri)}"

    def _details(self) -> str:
        if self._verbose:
            return ""
        if self._run:
            return f" (details: {self._run.folder.uri_of(LOG)};{self.resume_hint()})"
        return " (details: run it again with --verbose)"

    def _opened(self, run: "RunFolder") -> None:
        self._run = run
        folder = run.folder.local
        if self._log and folder:
            sys.stdout.flush()
            sys.stderr.flush()
            with open(self._log, "rb") as early, open(folder / LOG, "ab") as log:
                shutil.copyfileobj(early, log)
            self._log.unlink()
            self._point_to(folder / LOG)

    def _point_to(self, path: Path) -> None:
        self._log = path
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for number in (1, 2):
            os.dup2(fd, number)
        os.close(fd)


def in_one_line(text: str) -> str:
    """Return a text with what would end the line as spaces, and what no terminal shows escaped."""
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else ascii(letter)[1:-1]
        for letter in text
    )


def _console(file: IO[str]) -> Console:
    if file.isatty():
        return Console(file=cast(IO[str], _Lasting(file)), highlight=False, soft_wrap=True)
    return plain_console(file)


class _Lasting:
    """A text file that takes what is written when its reader is gone, a closed terminal, too."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with self._kept():
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with self._kept():
            self._file.flush()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Trimmed(_Lasting):
    """One whose lines lose the spaces at their end; rich pads tables with them."""

    def write(self, text: str) -> int:
        return super().write(_PADDING.sub("", text))


def plain_console(file: IO[str], width: int | None = None) -> Console:
    """Return a console for what is no terminal; without a width no line (and so no path) breaks."""
    return Console(
        file=cast(IO[str], _Trimmed(file)),
        highlight=False,
        soft_wrap=width is None,
        width=width or 1000,
        force_jupyter=False,  # in a notebook, rich would show there what is for `file`
    )
