"""What has come of the trials of a run so far: counts, failures, and the best."""

import math

from raynas.options.run_options import RunOptions
from raynas.runs.trial import Trial


class Tally:
    """Counts the finished trials and knows the best ones."""

    def __init__(self, config: RunOptions) -> None:
        """Begin with none."""
        self._config = config
        self.done = 0
        self.early = 0
        """How many of those done were stopped early."""
        self.failures: list[Trial] = []
        self.supernets: list[Trial] = []
        """The completed trials of supernets."""
        self._completed: list[Trial] = []
        self._cut: list[Trial] = []

    @property
    def best(self) -> list[Trial]:
        """The best completed candidates, the best first; their checkpoints are kept.

        As long as there is none, those that were cut off when the run's time was over.
        """
        return self._completed or self._cut

    def count(self, trial: Trial) -> None:
        """Count one more."""
        self.done += 1
        if trial.status == "failed":
            self.failures.append(trial)
        elif trial.status == "stopped":
            self.early += 1
            if trial.cut_off and trial.proposal.supernet is None:
                self._keep(self._cut, trial)
        elif trial.proposal.supernet is not None:
            self.supernets.append(trial)
        else:
            self._keep(self._completed, trial)

    def _keep(self, best: list[Trial], trial: Trial) -> None:
        best.append(trial)
        best.sort(key=self._score, reverse=True)
        del best[self._config.keep :]

    def _score(self, trial: Trial) -> float:
        value = trial.metrics.get(self._config.metric, math.nan)
        if not math.isfinite(value):
            return -math.inf
        return value if self._config.mode == "max" else -value
