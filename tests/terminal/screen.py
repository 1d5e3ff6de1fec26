"""A terminal of some width and height: what is written to it, and what can be read on it then."""

import re

_PART = re.compile(r"\x1b\[(?P<number>[?0-9;]*)(?P<what>[A-Za-z])|(?P<sign>[\s\S])")
HARMLESS = "mhl"
"""Colours, and whether the cursor is seen."""


class Screen:
    """Takes text as a terminal does: breaks lines, scrolls, and knows cursor up and erase line.

    What has left it at the top is kept, as a person can scroll back to it, and nothing reaches it.
    """

    encoding = "utf-8"

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self._gone: list[str] = []
        self._rows: list[str] = [""]
        self._x = self._y = 0
        self.looks: list[list[str]] = []

    def write(self, text: str) -> int:
        for part in _PART.finditer(text):
            if part["what"]:
                self._control(part["what"], part["number"])
            elif part["sign"] == "\r":
                self._x = 0
            elif part["sign"] == "\n":
                self._x = 0
                self._down()
            else:
                self._put(part["sign"])
        return len(text)

    def flush(self) -> None:
        """Remember what can be seen now."""
        if not self.looks or self.looks[-1] != self.lines():
            self.looks.append(self.lines())

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Everything that can be read, from the first line that scrolled away."""
        return "\n".join(row.rstrip() for row in [*self._gone, *self._rows]).rstrip().split("\n")

    def _put(self, sign: str) -> None:
        assert sign.isprintable(), f"unknown control character {sign!r}"
        if self._x == self.width:
            self._x = 0
            self._down()
        row = self._rows[self._y].ljust(self._x)
        self._rows[self._y] = row[: self._x] + sign + row[self._x + 1 :]
        self._x += 1

    def _down(self) -> None:
        self._y += 1
        if self._y == len(self._rows):
            self._rows.append("")
        if len(self._rows) > self.height:
            self._gone.append(self._rows.pop(0))
            self._y -= 1

    def _control(self, what: str, number: str) -> None:
        if what == "A":
            self._y = max(0, self._y - int(number or 1))
        elif what == "K" and number == "2":
            self._rows[self._y] = ""
        else:
            assert what in HARMLESS, f"unknown control sequence {number}{what}"
