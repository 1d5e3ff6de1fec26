"""Names of operations and fields, as a person reads them."""

KINDS = {
    "skip": "skip",
    "identity": "skip",
    "conv": "conv",
    "pool": "pool",
    "dense": "dense",
    "linear": "dense",
    "none": "none",
}
"""A part of an operation's name, and how it is coloured."""


def plain(value: object) -> str:
    """Write a name or a value: "sep_conv_3x3" as "sep conv 3x3"."""
    return "none" if value is None else str(value).replace("_", " ")


def kind_of(op: str) -> str:
    """Return the kind of an operation: conv, pool, skip, dense, none or op."""
    return next((kind for part, kind in KINDS.items() if part in op.lower()), "op")


def cut(text: str, length: int) -> str:
    """Shorten a text to some characters."""
    return text if len(text) <= length else text[: max(0, length - 1)] + "…"
