"""The trials of a run in the order of how good they are."""

import math
from collections.abc import Mapping, Sequence

from raynas.pareto import front
from raynas.runs.run_folder import RunFolder
from raynas.runs.trial import Trial

COSTS = ("params", "macs", "latency_ms")
"""The metrics that say what a network costs."""


def ranked(trials: list[Trial], run: RunFolder) -> list[Trial]:
    """Return the completed trials, the best first, the earlier one first among equals.

    Where there is none, those that were cut off when the time of the run was over.
    """
    metric, sign = run.config.metric, 1 if run.config.mode == "min" else -1
    candidates = [t for t in trials if t.proposal.supernet is None]
    completed = [t for t in candidates if t.status == "completed"]
    ranks = completed or [t for t in candidates if t.cut_off]
    return sorted(ranks, key=lambda trial: sign * trial.metrics[metric])


def quality_of(metric: str) -> str:
    """Return what is set against costs in a search for `metric`."""
    return metric if metric not in COSTS else "val_accuracy"


def costs_of(trials: Sequence[Trial], cost: str) -> dict[int, float]:
    """Return a cost by the trials' numbers, of those that have it."""
    return {t.number: t.metrics[cost] for t in trials if _finite(t.metrics.get(cost))}


def on_front(trials: Sequence[Trial], quality: str, costs: Mapping[int, float]) -> list[Trial]:
    """Return the trials that no other one beats in both, the cheapest first.

    `costs` are by the trials' numbers; one that has none, or no quality, is on no front.
    """
    sign = 1.0 if quality == "val_loss" else -1.0
    known = [t for t in trials if _finite(t.metrics.get(quality)) and _finite(costs.get(t.number))]
    points = [[costs[t.number], sign * t.metrics[quality]] for t in known]
    places = sorted((int(place) for place in front(points)), key=points.__getitem__)
    return [known[place] for place in places]


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def ranked_trial(run: RunFolder, rank: int) -> Trial:
    """Return the completed trial of a rank, 1 for the best.

    Raises:
        ValueError: the run has no such rank.
    """
    trials = ranked(list(run.trials()), run)
    if not 1 <= rank <= len(trials):
        have = f"1 to {len(trials)}" if trials else "a run with a completed trial"
        raise ValueError(f"rank: expected {have}, got {rank} ({run.folder.uri})")
    return trials[rank - 1]
