"""A chain of checksums over rows: each counts the row and the checksum before it.

So a row that was changed, lost, doubled or moved is seen, and that a file goes on where another one
ends. A column that came later, null in earlier rows, changes nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def checksum_of(facts: Mapping[str, Any]) -> str:
    """Return the checksum of JSON data; that of what a run is made of begins its chain."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def chained(before: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the checksum after some rows."""
    for row in rows:
        there = [(name, value) for name, value in row.items() if value is not None]
        text = json.dumps(sorted(there, key=lambda column: column[0]), default=str)
        before = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
    return before
