"""Text for files, pipes and strings: what rich draws, without the spaces that end its lines."""

import re
from typing import IO, Any, cast

from rich.console import Console

_PADDING = re.compile(r"[ \t]+$", re.MULTILINE)


class _Trimmed:
    """A text file whose lines lose the spaces at their end; rich pads tables with them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(_PADDING.sub("", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def plain_console(file: IO[str], width: int | None = None) -> Console:
    """Return a console for what is no terminal; without a width no line (and so no path) breaks."""
    return Console(
        file=cast(IO[str], _Trimmed(file)),
        highlight=False,
        soft_wrap=width is None,
        width=width or 1000,
    )
