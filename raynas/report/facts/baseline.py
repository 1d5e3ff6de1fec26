"""What chance alone would have found, told from the random draws of the run itself."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raynas.report.facts.comparison import differences
from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial
from raynas.strategies.optuna import DEFAULT_SAMPLER, RANDOM_AT_FIRST

LEAST = 5
"""Random draws below which nothing is said."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """The best of k = 1, 2, … random draws: its expectation, and where four fifths of it lie."""

    mean: Floats
    low: Floats
    high: Floats
    source: str
    """Which random draws it is computed from."""


def random_trials(facts: Facts) -> list[Trial]:
    """Return the scored trials whose architectures were drawn at random, whatever came before.

    Known for random search, for what evolution and local search begin and restart with (no
    parents, and nothing repeated before them), for what `bayesian` evaluates before it predicts,
    and for the first ones of Optuna's samplers. Nothing is known of the others.
    """
    strategy = facts.config.strategy
    if strategy == "random":
        return facts.scored
    if strategy in ("evolution", "greedy"):
        first = (trial for trial in facts.scored if not trial.proposal.parents)
        return [trial for trial in first if not trial.proposal.repeats]
    if strategy == "bayesian":
        return [trial for trial in facts.scored if "predicted" not in trial.proposal.notes]
    if strategy == "tpe":
        end = RANDOM_AT_FIRST.get(facts.config.options.get("sampler", DEFAULT_SAMPLER), 0)
        repeated = min((t.number for t in facts.trials if t.proposal.repeats), default=end)
        return [trial for trial in facts.scored if trial.number < min(end, repeated)]
    return []


def baseline(facts: Facts) -> Baseline | None:
    """Return what random search would have had after k trials; None where that is not known.

    The draws are the run's own, or those of a run that it is compared with and that differs in the
    strategy and the seed alone, if these are more.

    All sets of k of the n random draws are equally likely, so the chance that the i-th worst is
    the best of such a set is C(i-1, k-1) / C(n, k): exact, nothing is simulated. It ends at n.
    """
    draws, source = random_trials(facts), "drawn at random before the strategy had learned anything"
    if facts.config.strategy == "random":
        source = "of this run, in any order"
    for other in facts.others:
        more = random_trials(other)
        if len(more) > len(draws) and not differences(facts, other, but="seed"):
            draws, source = more, f"drawn at random in the run {other.config.name}, in any order"
    scores = np.array([facts.score(trial) for trial in draws])
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
    return Baseline(sign * mean, sign * low, sign * high, source)
