"""The page: everything in one HTML file, drawn and styled by itself, that fetches nothing."""

import math
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from raynas.report.drawing.architecture_drawing import draw
from raynas.report.drawing.figure import Figure, Section
from raynas.report.facts.facts import ACCURACY, EXACT_COSTS, Facts
from raynas.report.facts.standing import certainty
from raynas.report.next_steps import commands
from raynas.report.sections.alphas import alphas
from raynas.report.sections.ancestry import ancestry
from raynas.report.sections.decisions import decisions
from raynas.report.sections.failures import failures
from raynas.report.sections.fronts import NAMES, ROUGH, fronts
from raynas.report.sections.policy import controller
from raynas.report.sections.predictions import predictor
from raynas.report.sections.progress import progress
from raynas.report.sections.seeds import seeds
from raynas.report.sections.trust import trust
from raynas.report.table_data import as_json
from raynas.runs.found_network import FoundNetwork
from raynas.runs.trial import Trial
from raynas.runs.wording import (
    done_of,
    duration,
    method_in_words,
    short,
    spread,
    trials_in_words,
)
from raynas.space import describe

_ENDED = {
    "minutes": " It ended when its time was over.",
    "space": " It ended when no architecture was left to try.",
}
TILES = 6
"""Numbers in a row at most; rows are about equally long."""
DRAWN = 3
"""Architectures that are drawn: the best ones."""


@dataclass(frozen=True)
class Tile:
    """A number to see at once."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Drawn:
    """An architecture and its drawings."""

    title: str
    remark: str
    description: str
    figures: list[Figure]


def page(facts: Facts) -> str:
    """Return the HTML of a run's report."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(_asset("page.html.jinja"))
    tiles = _tiles(facts)
    rows = math.ceil(len(tiles) / TILES)
    return template.render(
        facts=facts,
        headline=_headline(facts),
        about=_about(facts),
        written=_written(facts),
        tiles=tiles,
        per_row=math.ceil(len(tiles) / rows),
        drawings=_drawings(facts),
        sections=_sections(facts),
        options=_options(facts),
        commands=commands(facts),
        data=as_json(facts),
        css=Markup(_asset("page.css")),  # noqa: S704 (our own files)
        js=Markup(_asset("table.js") + _asset("page.js")),  # noqa: S704 (our own files)
    )


def _asset(name: str) -> str:
    return (files("raynas.report") / name).read_text(encoding="utf-8")


def _sections(facts: Facts) -> list[Section]:
    """Return the parts that there is something to say in."""
    every = (
        [seeds, trust, failures] if facts.origin
        else [trust, progress, fronts, decisions, ancestry, predictor, controller, alphas, failures]
    )  # fmt: skip
    parts = (section(facts) for section in every)
    return [section for section in parts if section is not None]


def _headline(facts: Facts) -> str:
    config = facts.config
    if facts.origin:
        many = "1 seed" if config.trials == 1 else f"{config.trials} seeds"
        return (
            f"Trial {facts.origin.number} of {facts.origin.run}, trained in full on "
            f"{config.data}: {many} of {config.epochs} epochs."
        )
    way = "largest" if facts.larger_is_better else "smallest"
    return (
        f"{config.space} searched by {method_in_words(config)} on {config.data}: "
        f"{trials_in_words(config)}, for the {way} {config.metric}, seed {config.seed}."
        f"{_ENDED.get(facts.ended, '')}"
    )


def _about(facts: Facts) -> str:
    """Say what may be built and what it learns from, where that is known."""
    space = " ".join(facts.space_doc.partition("\n\n")[0].split())
    data = facts.best.data_summary if facts.best else ""
    return " ".join(f"{name}: {text.rstrip('.')}." for name, text in
                    (("Space", space), ("Data", data)) if text)  # fmt: skip


def _written(facts: Facts) -> str:
    when = facts.written_at.strftime("%Y-%m-%d %H:%M UTC")
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    going = " The run was going on then." if facts.state == "running" else ""
    return f"Written {when}.{going} {facts.uri} · {versions}"


def _tiles(facts: Facts) -> list[Tile]:
    tiles = []
    if facts.ranked:
        best, known = facts.ranked[0], certainty(facts)
        remark = f"{facts.unit} {best.number}"
        if known is not None and facts.metric == ACCURACY:
            remark += f", 95 %: {known.low:.3f} to {known.high:.3f}"
        tiles.append(Tile(f"best {facts.metric}", facts.told(best), remark))
        if known is not None:
            line = f"of {known.samples:,} validation samples"
            tiles.append(Tile("the most frequent class", f"{known.majority:.4f}", line))
    if facts.origin and facts.ranked:
        reached = [trial.metrics for trial in facts.scored]
        tiles.append(Tile("test accuracy", spread(reached, "test_accuracy"), "each measured once"))
    elif (
        facts.best
        and (test := facts.best.test)
        and facts.ranked
        and facts.best.trial_id == facts.ranked[0].trial_id
    ):
        tiles.append(
            Tile("test accuracy", f"{test['test_accuracy']:.4f}", "measured once, at the end")
        )
    if facts.ranked:
        tiles += [
            _cost_tile(name, facts.ranked[0], facts.best)
            for name in facts.costs
            if name in facts.ranked[0].metrics and name != facts.metric
        ]
    others = (("stopped", "stopped early"), ("failed", "failed"))
    counts = [f"{n} {word}" for status, word in others if (n := len(facts.with_status(status)))]
    done = f"{len(facts.trials):,}"
    if len(facts.trials) != facts.config.trials:
        done = done_of(len(facts.trials), facts.config)
    return [
        *tiles,
        Tile(f"{facts.unit}s", done, ", ".join(counts) or "none failed"),
        Tile("epochs trained", f"{facts.epochs:,}"),
        Tile("training", duration(facts.train_seconds), f"of all {facts.unit}s"),
        Tile(
            "wall time",
            duration(facts.clock.total),
            f"{'with' if facts.started else 'without'} the start, without pauses",
        ),
    ]


def _cost_tile(name: str, trial: Trial, best: FoundNetwork | None) -> Tile:
    """Tell a cost of the best trial; its latency as it was measured alone, where it was."""
    if name in EXACT_COSTS:
        return Tile(NAMES.get(name, name), short(trial.metrics[name]), "of the best")
    if best is None or best.trial_id != trial.trial_id or best.latency_ms is None:
        return Tile(NAMES[name], short(trial.metrics[name]), f"of the best, {ROUGH}")
    span = f"{short(best.latency_low or 0.0)} to {short(best.latency_high or 0.0)}"
    return Tile("latency (ms)", short(best.latency_ms), f"of the best, after the search: {span}")


def _drawings(facts: Facts) -> list[Drawn]:
    """Draw the best ones, those with the same architecture once; the one of a retraining."""
    different = list({trial.architecture.id: trial for trial in facts.ranked[::-1]}.values())
    drawings = []
    for rank, trial in enumerate(different[::-1][:DRAWN], start=1):
        costs = [f"{NAMES.get(n, n)} {short(trial.metrics[n])}" for n in facts.costs
                 if n in trial.metrics and n != facts.metric]  # fmt: skip
        remark = ", ".join([f"{facts.metric} {facts.told(trial)}", *costs])
        value = trial.architecture.value
        title = "" if facts.origin else f"{_rank(rank, facts)}trial {trial.number}".capitalize()
        drawings.append(Drawn(title, remark, describe(value), draw(value)))
    return drawings


def _rank(rank: int, facts: Facts) -> str:
    """Name a rank where there is more than luck in it."""
    known = certainty(facts)
    return "" if known is not None and known.is_chance else f"Rank {rank}: "


def _options(facts: Facts) -> list[tuple[str, object]]:
    values = facts.config.model_dump()
    strategy_options = values.pop("options")
    return [*values.items(), *strategy_options.items()]
