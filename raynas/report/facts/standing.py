"""Whether the order of the trials means anything, by how many samples they were validated on."""

from dataclasses import dataclass

from raynas.report.facts.facts import ACCURACY, Facts
from raynas.runs.certainty import wilson
from raynas.runs.ranking import COSTS
from raynas.runs.trial import Trial


@dataclass(frozen=True)
class Certainty:
    """The 95 % interval of the best trial's accuracy, and what lies within it."""

    best: Trial
    accuracy: float
    low: float
    high: float
    samples: int
    majority: float
    """The accuracy of always answering the most frequent class."""
    within: int
    """Trials whose accuracy lies in the interval, the best among them."""
    trials: int
    """All that have an accuracy."""

    @property
    def is_chance(self) -> bool:
        """Whether even the best cannot be told from always answering the most frequent class."""
        return self.low <= self.majority


def certainty(facts: Facts) -> Certainty | None:
    """Judge the order of the trials; None where it is by costs, or the samples are not known."""
    if facts.validation is None or facts.metric in COSTS:
        return None
    known = [trial for trial in facts.ranked if ACCURACY in trial.metrics]
    if not known:
        return None
    best, samples = known[0], facts.validation.samples
    accuracy = best.metrics[ACCURACY]
    low, high = wilson(accuracy, samples)
    within = sum(low <= trial.metrics[ACCURACY] <= high for trial in known)
    majority = facts.validation.majority
    return Certainty(best, accuracy, low, high, samples, majority, within, len(known))
