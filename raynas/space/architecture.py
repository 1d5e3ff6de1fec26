"""An architecture: plain data that strategies propose and builders build."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from raynas.space.checks import shown
from raynas.space.decision import JSON

DEEPEST = 100
"""So many lists and records may lie in each other; Python itself ends at about 1,000."""


@dataclass(frozen=True, eq=False)
class Architecture:
    """What to build (`value`, JSON) with the picks that led to it (`{path: index}`).

    Two architectures with the same value are the same architecture, however it was picked.
    """

    value: JSON
    picks: dict[str, int]

    @cached_property
    def id(self) -> str:
        """Sixteen hex digits that are the same for the same value, in every process and version."""
        return hashlib.sha256(canonical_json(self.value).encode()).hexdigest()[:16]

    @classmethod
    def identified(cls, value: JSON, picks: dict[str, int], id_: str) -> "Architecture":
        """Make one whose id is known, so that it need not be computed."""
        architecture = cls(value, picks)
        architecture.__dict__["id"] = id_
        return architecture

    def __eq__(self, other: object) -> bool:
        """Compare the values as JSON: 1, 1.0 and true are three values, [1] and (1,) are one."""
        return isinstance(other, Architecture) and self.id == other.id

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self.id)

    def to_json(self) -> str:
        """Return one line of JSON with id, value and picks."""
        return json.dumps({"id": self.id, "value": self.value, "picks": self.picks})

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read back what `to_json` wrote.

        Raises:
            ValueError: the text is no JSON object with "value" and "picks", or its id is not the
                one of its value.
        """
        try:
            data: dict[str, Any] = parse_json(text)
            architecture = cls(data["value"], data["picks"])
            if not all(type(index) is int for index in architecture.picks.values()):
                raise TypeError("picks are indices")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise ValueError(
                'an architecture is a JSON object with "value" and "picks" '
                f"(indices by path), got {text[:80]!r}"
            ) from error
        if data.get("id", architecture.id) != architecture.id:
            id_ = shown(data["id"])
            raise ValueError(f"architecture {id_} does not match its value; was it edited?")
        return architecture


def canonical_json(value: JSON) -> str:
    """Write a value in the one form that its id is computed from: sorted keys, no spaces.

    Raises:
        ValueError: the value is not plain JSON data (or holds a NaN), or nested too deeply.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        if "\\ud" in text:  # half of a pair of surrogates is no text
            json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"an architecture must be plain JSON data: {error}") from error
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _check_depth(text, value)
    return text


def parse_value(text: str) -> JSON:
    """Read the value of an architecture, written as JSON.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    value = parse_json(text)
    _check_depth(text, value)
    return value


_TOO_DEEP = f"an architecture must not be nested more than {DEEPEST} levels deep"


def _check_depth(text: str, value: JSON) -> None:
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError(_TOO_DEEP)


def parse_json(text: str | bytes) -> Any:
    """Read JSON of any origin.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _depth(value: JSON) -> int:
    """Count the levels of lists and records of a value that `json` could write."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, list | tuple | dict)]:
        depth += 1
        level = [x for item in level for x in (item.values() if isinstance(item, dict) else item)]
    return depth
