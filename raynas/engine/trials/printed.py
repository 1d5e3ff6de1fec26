"""What a candidate prints, up to so much of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

MOST = 1_000_000
"""Characters that one trial may print to either stream; what comes after them is thrown away."""


class _Limited:
    """A text file that takes everything and writes the first so many characters of it."""

    def __init__(self, file: TextIO, most: int) -> None:
        self._file, self._left = file, most

    def write(self, text: str) -> int:
        if self._left > 0:
            self._file.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._file.write("\n[this trial prints more than is kept]\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def limited_printing(most: int = MOST) -> Iterator[None]:
    """Within, keep `most` characters of what is printed to each of the standard streams.

    What native code writes to their descriptors is not counted.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, _Limited(file, most)) for file in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
