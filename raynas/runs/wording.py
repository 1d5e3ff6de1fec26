"""Numbers, supernets and commands as a person reads them."""

import math
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from statistics import mean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command's first line waits for none of what these need
    from raynas.options.run_options import RunOptions
    from raynas.runs.trial import Trial

COUNTS = ("params", "macs", "latency_ms", "supernet_params")
"""Metrics of any size; all others are accuracies and losses."""


def metric_text(name: str, value: float) -> str:
    """Write a metric: 0.9860, but 62,986 parameters."""
    return short(value) if name in COUNTS or not math.isfinite(value) else f"{value:.4f}"


def roughly(metric: str) -> str:
    """Return the remark that a metric of a search needs, "" where it needs none."""
    return " (rough: measured while others trained)" if metric == "latency_ms" else ""


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


def counted(count: int) -> str:
    """Write how many there are, however many that is: 1,234,567, or 5.6e+400."""
    if count < 10**9:
        return f"{count:,}"
    exponent = math.floor(math.log10(count))  # floats end at 1e308
    return f"{count // 10 ** (exponent - 1) / 10:.1f}e+{exponent:02}"


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


def spread(seeds: list[dict[str, float]], metric: str) -> str:
    """Write the mean of a metric over seeds, with its standard deviation if there are several."""
    values = [seed[metric] for seed in seeds]
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{mean(values):.4f} ± {stdev(values):.4f}"


def command() -> str:
    """Return how a person types `raynas` here: its path, where the shell would not find it."""
    program = Path(sys.argv[0])
    if program.name != "raynas" or shutil.which("raynas"):
        return "raynas"
    return os.path.relpath(program)


def trials_in_words(config: "RunOptions") -> str:
    """Say how many trials a run has or how long it goes on, and how long they are."""
    supernet = config.options.get("supernet_epochs")
    many = "trials" if config.trials is None else f"{config.trials:,} trials"
    of = f"{many} of {config.epochs} epochs"
    if supernet is not None:
        of = (
            f"{many}, supernets ({supernet} epochs) and the architectures that they derive "
            f"({config.epochs} epochs)"
        )
    if config.minutes is None:
        return of
    minutes = f"{config.minutes:g} minute{'' if config.minutes == 1 else 's'}"
    return f"{of} for {minutes}" if config.trials is None else f"{of}, at most {minutes}"


def more_of(config: "RunOptions") -> tuple[str, str]:
    """Say how a search goes on to twice its length: "60 trials", "--trials 60"."""
    if config.trials is None or config.minutes is not None:
        minutes = 2 * (config.minutes or 0)
        return f"{minutes:g} minutes", f"--minutes {minutes:g}"
    return f"{2 * config.trials:,} trials", f"--trials {2 * config.trials}"


def done_of(done: int, config: "RunOptions") -> str:
    """Write how many trials of a run are done: "12 of 30", or "12" where it has no number."""
    return f"{done:,}" if config.trials is None else f"{done:,} of {config.trials:,}"


def method_in_words(config: "RunOptions") -> str:
    """Name the strategy, and the scheduler where there is one: "bayesian + asha"."""
    scheduler = "" if config.scheduler == "none" else f" + {config.scheduler}"
    return config.strategy + scheduler


def derived_words(trial: "Trial") -> str:
    """Say what a supernet came to, and what it warned of."""
    from raynas.space import describe

    derived = describe(trial.derived.value) if trial.derived else "nothing"
    warnings = "".join(f"; {warning}" for warning in trial.proposal.notes.get("warnings", ()))
    return f"{trial.epochs} epochs, derived {derived}{warnings}"


def infeasible_words(trials: Sequence["Trial"]) -> str:
    """Say how often the space found picks not legal, "" where it never did."""
    count = sum(trial.proposal.infeasible for trial in trials)
    if not count:
        return ""
    times = "once" if count == 1 else f"{count:,} times"
    return f"{times} the space found picks not legal: they were drawn again"


def go_on(uri: str) -> str:
    """Say what goes on with the run in a folder: "Go on with: raynas resume runs/my-run"."""
    return f"Go on with: {command()} resume {quote(uri)}"
