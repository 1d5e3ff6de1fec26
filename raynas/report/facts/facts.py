"""What a report is made from: the record of a run, and what follows from it by counting."""

import ast
import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from raynas.options.run_options import RunOptions
from raynas.runs.certainty import ValidationCount
from raynas.runs.found_network import FoundNetwork, Latencies, Origin
from raynas.runs.ranking import COSTS, quality_of
from raynas.runs.trial import Clock, Trial
from raynas.runs.wording import metric_text

EXACT_COSTS = ("params", "macs")
"""Costs that are counted; a latency is measured while other trials train on the same machine."""
ACCURACY = "val_accuracy"


@dataclass(frozen=True)
class Facts:
    """One run, read once; `trials` in order of completion.

    `state` is "running", "finished" or "interrupted"; `command` is how a person types `raynas`.
    """

    config: RunOptions
    versions: dict[str, str]
    space_source: str
    uri: str
    command: str
    state: str
    written_at: datetime
    trials: list[Trial]
    best: FoundNetwork | None
    origin: Origin | None = None
    """Where the one architecture of a retraining comes from; None for a search."""
    others: tuple["Facts", ...] = ()
    """Runs that this one is compared with."""
    validation: ValidationCount | None = None
    """What trials were validated on; None where an older run does not say."""
    latencies: Latencies | None = None
    """What was measured after the search, alone; None while it goes on."""
    started: tuple[datetime, ...] = ()
    """When the run was started and resumed; empty where an older run does not say."""
    ended: str = ""
    """What ended it before it had its trials: "minutes", "space"; "" where nothing has."""

    @property
    def unit(self) -> str:
        """What one of the trials is to a person."""
        return "seed" if self.origin else "trial"

    @cached_property
    def space_doc(self) -> str:
        """The text at the top of the space file, "" where there is none; none of it is executed."""
        try:
            return ast.get_docstring(ast.parse(self.space_source)) or ""
        except (SyntaxError, ValueError):
            return ""

    @property
    def metric(self) -> str:
        """What the search optimised."""
        return self.config.metric

    @property
    def larger_is_better(self) -> bool:
        """Which way the metric is better."""
        return self.config.mode == "max"

    def score(self, trial: Trial) -> float:
        """Return the metric of a trial, NaN where it has none."""
        value = trial.metrics.get(self.metric, math.nan)
        return value if math.isfinite(value) else math.nan

    def told(self, trial: Trial) -> str:
        """Write the metric of a trial for a person."""
        return metric_text(self.metric, self.score(trial))

    def better(self, one: Trial, other: Trial) -> bool:
        """Whether the first of two scored trials has the better metric."""
        a, b = self.score(one), self.score(other)
        return a > b if self.larger_is_better else a < b

    @cached_property
    def scored(self) -> list[Trial]:
        """The completed trials that have the metric, in order of completion."""
        completed = (trial for trial in self.trials if trial.status == "completed")
        return [trial for trial in completed if not math.isnan(self.score(trial))]

    @cached_property
    def ranked(self) -> list[Trial]:
        """The scored trials, the best first, the earlier one first among equals."""
        sign = -1 if self.larger_is_better else 1
        return sorted(self.scored, key=lambda trial: sign * self.score(trial))

    def best_of(self, trials: list[Trial]) -> Trial:
        """Return the best of some scored trials."""
        return (max if self.larger_is_better else min)(trials, key=self.score)

    @cached_property
    def by_number(self) -> dict[int, Trial]:
        """All finished trials by the order of their proposal."""
        return {trial.number: trial for trial in self.trials}

    def with_status(self, status: str) -> list[Trial]:
        """Return the trials that ended in one way: completed, stopped or failed."""
        return [trial for trial in self.trials if trial.status == status]

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics that some trial has, the search's own first."""
        names = dict.fromkeys(name for trial in self.trials for name in trial.metrics)
        return sorted(names, key=lambda name: (name != self.metric, list(names).index(name)))

    @cached_property
    def costs(self) -> list[str]:
        """The metrics that some trial has and that say what a network costs."""
        return [name for name in self.metrics if name in COSTS]

    @property
    def quality(self) -> str:
        """The metric that is drawn against costs."""
        return quality_of(self.metric)

    @property
    def epochs(self) -> int:
        """How many epochs were trained, in all trials."""
        return sum(trial.epochs for trial in self.trials)

    @property
    def train_seconds(self) -> float:
        """What all trials took, added up."""
        return sum(trial.train_seconds for trial in self.trials)

    @cached_property
    def clock(self) -> Clock:
        """The wall time of the run, without the pauses between an interruption and a resume."""
        return Clock.of(self.trials, self.started)
