"""A run in a notebook: one output of a cell, which changes while the run goes on."""

import builtins
import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO

from rich.console import Console, RenderableType

from raynas.engine.ledger import Ledger
from raynas.runs.endings import meanwhile
from raynas.terminal.live_view import TerminalView

EVERY_S = 0.5
WIDTH = 100
"""Columns of the picture; a narrower notebook breaks its lines."""
PLACE = (
    '<pre style="white-space:pre-wrap;line-height:1.3;font-family:'
    "Menlo,'DejaVu Sans Mono',Consolas,monospace\">{code}</pre>"
)

Publish = Callable[..., object]
"""Shows an output: `data` by MIME type, `transient` with its id, `update` to replace it."""


def notebook_publisher() -> Publish | None:
    """Return what shows an output in the notebook that this program runs in; None outside of one.

    It is IPython's `DisplayPublisher.publish`, of the shell that the kernel itself has made known.
    """
    if not Console().is_jupyter:
        return None
    publish: Publish = vars(builtins)["get_ipython"]().display_pub.publish
    return publish


class NotebookView(TerminalView):
    """Shows a run as one output: what was said of it, and below that the picture, redrawn."""

    def __init__(self, publish: Publish) -> None:
        """Show it with `publish`; nothing is shown before there is something to say."""
        super().__init__(_blank())
        self._publish = publish
        self._id = uuid.uuid4().hex
        self._lines: list[str] = []
        self._is_shown = False

    def say(self, text: str) -> None:
        """Add one line (rich markup)."""
        self._lines.append(text)
        self._show()

    @contextlib.contextmanager
    def _drawn(self, ledger: Ledger) -> Iterator[None]:
        with meanwhile(partial(self._keep, ledger)):
            yield

    def _keep(self, ledger: Ledger, over: threading.Event) -> None:
        while not over.wait(EVERY_S):
            self._show(self._picture(ledger))

    def _show(self, *picture: RenderableType) -> None:
        """Show the lines and the picture in place of what was shown before."""
        console = _blank()
        for line in self._lines:
            console.print(line, soft_wrap=True)
        for part in picture:
            console.print(part)
        data = {
            "text/plain": console.export_text(clear=False),
            "text/html": console.export_html(inline_styles=True, code_format=PLACE),
        }
        transient = {"display_id": self._id}
        self._publish(data=data, metadata={}, transient=transient, update=self._is_shown)
        self._is_shown = True


def _blank() -> Console:
    """Return a console that only remembers."""
    return Console(
        file=StringIO(),
        record=True,
        width=WIDTH,
        height=100,
        highlight=False,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
    )
