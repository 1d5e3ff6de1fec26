"""What a worker tells of its trial, on the way through Tune to the ledger."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from raynas.space import Architecture

_KEY = "trial_report"


@dataclass(frozen=True)
class TrialReport:
    """Some new epochs of a trial, or its end.

    `curve` has the metrics of each new epoch (JSON data, with "epoch", from 1, and "train_seconds",
    all that it has cost so far), `metrics` the numbers that count now. `finished`: these were the
    last epochs. `error`: the candidate failed, for this reason. `lost`: its worker, or the run
    folder where `store_away`, is gone, for this reason; the trial goes on elsewhere. `derived` is
    what a supernet comes to now.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False
    error: str | None = None
    lost: str | None = None
    store_away: bool = False
    derived: Architecture | None = None
    started_at: datetime | None = None
    node: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.finished or self.error is not None or self.lost is not None

    @property
    def epoch(self) -> int:
        """The last epoch that it tells of, from 1; 0 where it tells of none."""
        return int(self.curve[-1]["epoch"]) if self.curve else 0

    @property
    def train_seconds(self) -> float:
        """What the trial had cost after that epoch."""
        return float(self.curve[-1]["train_seconds"]) if self.curve else 0.0

    def to_result(self, metric: str) -> dict[str, Any]:
        """Return Tune's result, which must have the metric."""
        value = self.metrics.get(metric, float("nan"))
        return {_KEY: self, metric: value, "done": self.ended}

    @staticmethod
    def of(result: dict[str, Any] | None) -> "TrialReport | None":
        """Return the report in one of Tune's results, None where there is none."""
        report: TrialReport | None = (result or {}).get(_KEY)
        return report
