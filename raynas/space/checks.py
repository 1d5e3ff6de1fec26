"""What a part of a space must be, and how a wrong one is shown."""

import re
from numbers import Integral

TOO_DEEP = "the space is nested too deeply to be walked"
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of surrogates, which is no text: UTF-8 cannot write it."""
_SHOWN = 100
"""Characters of a value that a message shows."""


def shown(value: object) -> str:
    """Write any value for a message: in one line that is not too long."""
    try:
        text = " ".join(repr(value).split())
    except (RecursionError, ValueError):  # nested too deeply, or an integer of too many digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def step(name: object, what: str) -> str:
    """Check a name that becomes one step of a path.

    Raises:
        ValueError: it is no text, empty or has a "/", so that two paths could be the same.
    """
    if not isinstance(name, str) or not name or "/" in name or _HALF.search(name):
        raise ValueError(f"{what} must be a text without '/' that is not empty, got {shown(name)}")
    return name


def is_count(number: object) -> bool:
    """Whether it is a whole number, and not a truth value."""
    return isinstance(number, Integral) and not isinstance(number, bool)
