"""What chance alone would have found, told from the random draws of the run itself."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raynas.runs.record import Trial
from raynas.runs.report.facts import Facts

LEAST = 5
"""Random draws below which nothing is said."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """The best of k = 1, 2, … random draws: its expectation, and where four fifths of it lie."""

    mean: Floats
    low: Floats
    high: Floats


def random_trials(facts: Facts) -> list[Trial]:
    """Return the scored trials whose architectures were drawn at random, whatever came before.

    Known for random search, for what evolution and local search begin and restart with (no
    parents, and nothing repeated before them), and for what `bayesian` evaluates before it
    predicts. Nothing is known of the others.
    """
    strategy = facts.config.strategy
    if strategy == "random":
        return facts.scored
    if strategy in ("evolution", "nsga2", "greedy"):
        first = (trial for trial in facts.scored if not trial.proposal.parents)
        return [trial for trial in first if not trial.proposal.repeats]
    if strategy == "bayesian":
        return [trial for trial in facts.scored if "predicted" not in trial.proposal.notes]
    return []


def baseline(facts: Facts) -> Baseline | None:
    """Return what random search would have had after k trials; None where that is not known.

    All sets of k of the n random draws are equally likely, so the chance that the i-th worst is
    the best of such a set is C(i-1, k-1) / C(n, k): exact, nothing is simulated. It ends at n.
    """
    scores = np.array([facts.score(trial) for trial in random_trials(facts)])
    count = len(scores)
    if count < LEAST:
        return None
    sign = 1.0 if facts.larger_is_better else -1.0
    ordered = np.sort(sign * scores)
    mean, low, high = np.empty(count), np.empty(count), np.empty(count)
    logs = np.array([math.lgamma(i + 1) for i in range(count + 1)])  # of i!
    for k in range(1, count + 1):
        i = np.arange(k, count + 1)
        chance = np.exp(
            (logs[i - 1] - logs[k - 1] - logs[i - k]) - (logs[count] - logs[k] - logs[count - k])
        )
        reached = ordered[k - 1 :]
        mean[k - 1] = chance @ reached
        below = np.cumsum(chance)
        low[k - 1], high[k - 1] = (
            reached[min(int(np.searchsorted(below, share)), len(reached) - 1)]
            for share in (0.1, 0.9)
        )
    return Baseline(sign * mean, sign * low, sign * high)
