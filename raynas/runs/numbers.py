"""Numbers as a person reads them."""

import math

COUNTS = ("params", "macs", "latency_ms", "supernet_params")
"""Metrics of any size; all others are accuracies and losses."""


def metric_text(name: str, value: float) -> str:
    """Write a metric: 0.9860, but 62,986 parameters."""
    return short(value) if name in COUNTS or not math.isfinite(value) else f"{value:.4f}"


def short(value: float) -> str:
    """Write a number in few characters: 0.9861, 62,986, 1.91 M."""
    if not math.isfinite(value):
        return "-"
    size = abs(value)
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if size >= limit:
            return f"{value / limit:.3g} {unit}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """Write a time for a person: 0.4 s, 42 s, 3 min 5 s, 1 h 2 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole / 86_400:.1f} days"
