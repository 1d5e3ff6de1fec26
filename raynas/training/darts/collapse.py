"""Seeing a supernet collapse into operations that compute nothing (Zela 2020, arXiv:1909.09656)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from raynas.space.cells import NONE, SKIP

PATIENCE = 3
"""Epochs in a row that make a collapse: at first all operations are about equally strong."""

_CURE = (
    "let it go on, or stop it (Ctrl-C) and search again with --set method=beta-darts, with a "
    "larger --set beta_decay=…, with --set selection=perturbation or with fewer --set "
    "supernet_epochs=…"
)


def ops_in(value: Any) -> Iterator[str]:
    """Yield the operation on each edge of an architecture's value."""
    if isinstance(value, Mapping):
        if isinstance(value.get("op"), str):
            yield value["op"]
        for inside in value.values():
            yield from ops_in(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from ops_in(inside)


def count_idle(value: Any) -> dict[str, float]:
    """Return how many operations of an architecture are "skips" and "nones"."""
    ops = list(ops_in(value))
    return {"skips": float(ops.count(SKIP)), "nones": float(ops.count(NONE))}


def collapse_warning(curve: Sequence[Mapping[str, Any]]) -> str | None:
    """Say that the supernet is collapsing, in the epoch in which that becomes clear; else None.

    That is when more than half of the operations derived were skip_connect or none for
    `PATIENCE` epochs in which alphas moved, and not the epoch before these.
    """
    states = [_collapsed(epoch) for epoch in curve]
    if len(states) < PATIENCE or not all(states[-PATIENCE:]):
        return None
    if len(states) > PATIENCE and states[-PATIENCE - 1]:
        return None
    last = curve[-1]
    count = sum(1 for _ in ops_in(last["architecture"]))
    idle = int(last["skips"] + last["nones"])
    return (
        f"the supernet is collapsing: {idle} of the {count} operations derived in epoch "
        f"{last['epoch']} are skip_connect or none, which compute nothing; {_CURE}"
    )


def _collapsed(epoch: Mapping[str, Any]) -> bool:
    count = sum(1 for _ in ops_in(epoch["architecture"]))
    return bool(epoch["moved"]) and 2 * (epoch["skips"] + epoch["nones"]) > count
