"""One finished trial, its row in the record, and the wall time of several."""

import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, zip_longest
from typing import Any

import pyarrow as pa

from raynas.options.supernet_options import SupernetPlan
from raynas.space import Architecture
from raynas.space.architecture import parse_json, parse_value
from raynas.strategies import Proposal, variants_from_json, variants_to_json

MOMENT = pa.timestamp("us", tz="UTC")
COLUMNS = pa.schema(
    [
        ("trial_id", pa.string()),
        ("number", pa.int64()),
        ("architecture_id", pa.string()),
        ("architecture", pa.string()),
        ("picks", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("epochs", pa.int64()),
        ("train_seconds", pa.float64()),
        ("started_at", MOMENT),
        ("finished_at", MOMENT),
        ("node", pa.string()),
        ("parents", pa.string()),
        ("repeats", pa.string()),
        ("known", pa.int64()),
        ("infeasible", pa.int64()),
        ("notes", pa.string()),
        ("curve", pa.string()),
        ("variants", pa.string()),
        ("supernet", pa.string()),
        ("derived", pa.string()),
    ]
)
"""The columns of every row; each metric is one more."""

JSON_COLUMNS = (
    "architecture", "picks", "parents", "repeats", "variants", "notes", "curve", "supernet",
    "derived",
)  # fmt: skip
"""The columns that hold JSON texts, the last two in the rows of supernets only."""

STOPPED_BY, MINUTES = "stopped_by", "minutes"
"""The note of a trial that was stopped because the time of its run was over."""

_NAMES = frozenset(COLUMNS.names)


@dataclass(frozen=True)
class Trial:
    """One finished trial.

    `status` is "completed", "stopped" (early, by a scheduler) or "failed" (then `error` says why).
    `proposal.parents` and `proposal.repeats` are numbers of trials, written as JSON lists, as is
    `curve`: the metrics of each epoch, with "epoch" and "train_seconds" (so far). A supernet's
    trial has `proposal.supernet`, how it was trained, and `derived`, the architecture it came to;
    no other trial has these columns.
    """

    trial_id: str
    proposal: Proposal
    status: str
    error: str | None
    epochs: int
    train_seconds: float
    started_at: datetime
    finished_at: datetime
    node: str
    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)
    derived: Architecture | None = None

    @property
    def cut_off(self) -> bool:
        """Whether it was stopped because the time of its run was over."""
        return self.status == "stopped" and self.proposal.notes.get(STOPPED_BY) == MINUTES

    @property
    def number(self) -> int:
        """Order of proposal, from 0."""
        return self.proposal.number

    @property
    def architecture(self) -> Architecture:
        """What was trained."""
        return self.proposal.architecture

    def to_row(self) -> dict[str, Any]:
        """Return the row of the record."""
        return {
            "trial_id": self.trial_id,
            "number": self.number,
            "architecture_id": self.architecture.id,
            "architecture": json.dumps(self.architecture.value),
            "picks": json.dumps(self.architecture.picks),
            "status": self.status,
            "error": self.error,
            "epochs": self.epochs,
            "train_seconds": self.train_seconds,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "node": self.node,
            "parents": json.dumps(self.proposal.parents),
            "repeats": json.dumps(self.proposal.repeats),
            "known": self.proposal.known,
            "infeasible": self.proposal.infeasible,
            "variants": variants_to_json(self.proposal.variants),
            "notes": json.dumps(self.proposal.notes),
            "curve": json.dumps(self.curve),
            "supernet": plan.model_dump_json() if (plan := self.proposal.supernet) else None,
            "derived": self.derived.to_json() if self.derived else None,
            **self.metrics,
        }

    @classmethod
    def from_row(cls, row: dict[str, Any], place: int) -> "Trial":
        """Read back what `to_row` wrote; `place` is how many rows come before it.

        Records of raynas before 0.2 do not say what was known when a trial was asked for: it counts
        as asked for when it was answered.
        """
        architecture = Architecture.identified(
            parse_value(row["architecture"]), parse_json(row["picks"]), row["architecture_id"]
        )
        proposal = Proposal(
            architecture,
            parents=tuple(parse_json(row["parents"])),
            number=row["number"],
            repeats=tuple(parse_json(row["repeats"])),
            notes=parse_json(row["notes"]),
            variants=variants_from_json(row["variants"]),
            supernet=_read_plan(row["supernet"]),
            known=place if row.get("known") is None else row["known"],
            infeasible=row.get("infeasible") or 0,
        )
        metrics = {k: v for k, v in row.items() if k not in _NAMES and v is not None}
        return cls(
            trial_id=row["trial_id"],
            proposal=proposal,
            status=row["status"],
            error=row["error"],
            epochs=row["epochs"],
            train_seconds=row["train_seconds"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            node=row["node"],
            metrics=metrics,
            curve=parse_json(row["curve"]),
            derived=Architecture.from_json(row["derived"]) if row["derived"] else None,
        )


def write_proposal(proposal: Proposal) -> bytes:
    """Write what is to be trained, before it is."""
    plan = proposal.supernet
    return json.dumps(
        {
            "number": proposal.number,
            "architecture": json.loads(proposal.architecture.to_json()),
            "parents": proposal.parents,
            "repeats": proposal.repeats,
            "known": proposal.known,
            "infeasible": proposal.infeasible,
            "notes": proposal.notes,
            "variants": variants_to_json(proposal.variants),
            "supernet": plan.model_dump_json() if plan else None,
        }
    ).encode()


def read_proposal(content: bytes, known: int) -> Proposal:
    """Read back what `write_proposal` wrote; `known` is what it counts as where it does not say."""
    data = parse_json(content)
    supernet = data["supernet"]
    return Proposal(
        Architecture.from_json(json.dumps(data["architecture"])),
        parents=tuple(data["parents"]),
        number=data["number"],
        repeats=tuple(data["repeats"]),
        notes=data["notes"],
        variants=variants_from_json(data["variants"]),
        supernet=_read_plan(json.dumps(supernet) if isinstance(supernet, dict) else supernet),
        known=data.get("known", known),
        infeasible=data.get("infeasible", 0),
    )


def _read_plan(text: str | None) -> SupernetPlan | None:
    return SupernetPlan.from_json(parse_json(text)) if text else None


class Clock:
    """Seconds of wall time in which a run was starting, or some trial was being trained."""

    def __init__(
        self, spans: Iterable[tuple[datetime, datetime]], started: Iterable[datetime] = ()
    ) -> None:
        """Join the spans of the trials into stretches without a gap.

        `started` has the moments at which the run was started or resumed: what it took from there
        to the first trial that began then (checks, Ray, its workers) counts, too.
        """
        spans = sorted(spans)
        moments = sorted(started)
        for moment, following in zip_longest(moments, moments[1:]):
            firsts = (start for start, _ in spans if start >= moment)
            first = next(firsts, None)
            if first is not None and (following is None or first < following):
                spans = sorted([*spans, (moment, first)])
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start, end in spans:
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)
        stretches = zip(self._starts, self._ends, strict=True)
        self._passed = [0.0, *accumulate((end - start).total_seconds() for start, end in stretches)]
        """The seconds before each stretch, and at the end."""

    @classmethod
    def of(cls, trials: Iterable[Trial], started: Iterable[datetime] = ()) -> "Clock":
        """Return that of the trials of a run."""
        return cls(((trial.started_at, trial.finished_at) for trial in trials), started)

    @property
    def total(self) -> float:
        """All of it."""
        return self._passed[-1]

    def at(self, moment: datetime) -> float:
        """Return the seconds until a moment."""
        place = bisect_left(self._starts, moment) - 1
        if place < 0:
            return 0.0
        within = min(self._ends[place], moment) - self._starts[place]
        return self._passed[place] + within.total_seconds()
