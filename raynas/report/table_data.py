"""The trials as compact JSON, for the page's table and its learning curves."""

import json
import math
import re
from typing import Any

from markupsafe import Markup

from raynas.report.facts.facts import Facts
from raynas.report.sections.fronts import NAMES, front_numbers
from raynas.runs.ranking import COSTS
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.space import describe

NUMBERS = 400_000
"""Numbers of learning curves in a page; above, curves are thinned to fewer epochs."""
LEAST_POINTS = 12
SUPERNET = "supernet_"
"""What the metrics of supernets begin with: told where such a trial is opened."""
_WORDS = re.compile(r"[^ ,;]*[ ,;]*")
_DANGEROUS = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def as_json(facts: Facts) -> Markup:
    """Return all trials as JSON text that is safe inside a script element.

    Descriptions are lists of indices into one list of words: architectures of one space say much
    the same.
    """
    words: dict[str, int] = {}
    hidden = {"train_loss", *(COSTS if facts.origin else ())}  # seeds cost the same
    metrics = [n for n in facts.metrics if n not in hidden and not n.startswith(SUPERNET)]
    columns = [
        {"key": "trial", "name": facts.unit},
        {"key": "status", "name": "status"},
        *({"key": name, "name": NAMES.get(name, name)} for name in metrics),
        {"key": "epochs", "name": "epochs"},
        {"key": "seconds", "name": "seconds"},
        {"key": "architecture", "name": "architecture"},
    ]
    data = {
        "metric": facts.metric,
        "unit": facts.unit,
        "larger": facts.larger_is_better,
        "columns": columns,
        "rows": [
            [t.number, t.status, *(_rounded(t.metrics.get(name)) for name in metrics), t.epochs,
             _rounded(t.train_seconds),
             [words.setdefault(w, len(words)) for w in _WORDS.findall(_description(t)) if w]]
            for t in facts.trials
        ],
        "words": list(words),
        "details": {t.number: _details(t, facts) for t in facts.trials},
        "curves": _curves(facts.trials),
        "front": [] if facts.origin else sorted(front_numbers(facts)),
        "best": facts.ranked[0].number if facts.ranked else None,
        "running": facts.state == "running",
    }  # fmt: skip
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.translate(_DANGEROUS))  # noqa: S704 (what could end the element is escaped)


def _description(trial: Trial) -> str:
    return "supernet" if trial.proposal.supernet else describe(trial.architecture.value)


def _details(trial: Trial, facts: Facts) -> dict[str, Any]:
    """Return what is shown of a trial when it is opened, besides its row."""
    details: dict[str, Any] = {
        "id": trial.architecture.id,
        "at": round((trial.started_at - facts.trials[0].started_at).total_seconds(), 1),
        "node": trial.node,
    }
    if trial.proposal.parents:
        details["parents"] = list(trial.proposal.parents)
    supernet = {n: metric_text(n, v) for n, v in trial.metrics.items() if n.startswith(SUPERNET)}
    if supernet:
        details["metrics"] = supernet
    if trial.error:
        details["error"] = trial.error
    return details


def _curves(trials: list[Trial]) -> dict[int, dict[str, list[float | None]]]:
    """Return each trial's curve as a list a metric, thinned where there is very much of it."""
    points = NUMBERS // max(1, 3 * len(trials))
    return {t.number: _curve(t.curve, max(LEAST_POINTS, points)) for t in trials if t.curve}


def _curve(curve: list[dict[str, Any]], most: int) -> dict[str, list[float | None]]:
    if len(curve) > most:
        step = (len(curve) - 1) / (most - 1)
        curve = [curve[round(place * step)] for place in range(most)]
    names = dict.fromkeys(
        name
        for epoch in curve
        for name, value in epoch.items()
        if isinstance(value, int | float) and name not in ("train_seconds", *COSTS)
    )
    return {name: [_rounded(epoch.get(name)) for epoch in curve] for name in names}


def _rounded(value: Any) -> float | int | None:
    """Keep five digits that matter; None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if float(value).is_integer():
        return int(value)
    return float(f"{value:.5g}")
