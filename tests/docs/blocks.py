"""The fenced blocks of a page, and how each is checked."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md")),
]

_BLOCK = re.compile(r"(?:^<!-- ([^\n]+?) -->\n)?^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PARSED_ONLY = "parsed only: "
"""What the comment before a block begins with where the block is not executed; then why."""
LANGUAGES = ("python", "sh", "yaml", "text")
"""`text` is what a program prints, or a tree of files: nothing to check."""
FILE = re.compile(r"# ([\w/]+\.py)\n")
"""The first line of a Python block that is a file: it is written, and used by what follows."""


@dataclass(frozen=True)
class Block:
    """A fenced block; `reason` says why it is parsed only, "" where it is executed."""

    page: Path
    line: int
    language: str
    text: str
    reason: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each command; lines that end with a backslash go on."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        comment, language, body = match.groups()
        reason = ""
        if comment and comment.startswith(PARSED_ONLY):
            reason = comment.removeprefix(PARSED_ONLY)
        line = text[: match.start(2)].count("\n") + 1
        found.append(Block(page, line, language, body, reason))
    return found
