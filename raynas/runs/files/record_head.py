"""What stands before the rows of a record: what the run is made of, and how far they go."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raynas.runs.files.checksums import checksum_of

HEAD = "record.json"


class RecordError(ValueError):
    """A run's record is not as raynas wrote it."""


def damaged(where: str, what: str) -> RecordError:
    """Return the error of a file of the record."""
    return RecordError(
        f"{where} is damaged: {what}; nothing was changed: put back a copy of it, or start another "
        "run (raynas search --config run.yaml --name NAME)"
    )


@dataclass(frozen=True)
class RecordHead:
    """What a run is made of (`identity`), and the checksum after so many rows of its record.

    It may be some rows behind: each file of the record knows the rest.
    """

    identity: Mapping[str, Any]
    rows: int
    checksum: str

    @classmethod
    def begun(cls, identity: Mapping[str, Any]) -> "RecordHead":
        """Return that of a record with no rows."""
        return cls(identity, 0, checksum_of(identity))

    @classmethod
    def read(cls, content: bytes) -> "RecordHead | None":
        """Read what `to_json` wrote; None where it is anything else."""
        try:
            facts = json.loads(content)
            proof = facts.pop("proof")
            return cls(**facts) if proof == checksum_of(facts) else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def changed(self, options: Mapping[str, Any]) -> list[str]:
        """Say which options are others than the run was started with: "metric (macs → params)".

        `options` are JSON data; what only one of the two knows passes.
        """
        was = self.identity.get("options")
        known = was.items() if isinstance(was, Mapping) else ()
        pairs = ((name, old, options.get(name, old)) for name, old in known)
        return [f"{name} ({old} → {now})" for name, old, now in pairs if old != now]

    def to_json(self) -> bytes:
        """Write it, so that it is seen if it is changed."""
        facts = {"identity": self.identity, "rows": self.rows, "checksum": self.checksum}
        return json.dumps({**facts, "proof": checksum_of(facts)}).encode()
