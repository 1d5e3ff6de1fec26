"""A run as a notebook shows it: where it is, what is searched, and its best trials."""

from markupsafe import Markup

from raynas.runs.ranking import ranked
from raynas.runs.run_folder import RunFolder
from raynas.runs.trial import Trial
from raynas.runs.wording import metric_text
from raynas.space import describe
from raynas.terminal.status import SHOWN, progress_in_words, subject_in_words

NUMBER = Markup("text-align:right;font-variant-numeric:tabular-nums")
WORDS = Markup("text-align:left")
PAGE = Markup(
    "<div><div><b>{}</b>: {}</div><div>{}</div>{}<div>run folder <code>{}</code></div></div>"
)


def run_summary(run: RunFolder) -> Markup:
    """Return HTML of a run as its folder tells it now; what comes from there is escaped."""
    trials, config = list(run.trials()), run.config
    return PAGE.format(
        config.name,
        progress_in_words(run, trials, run.state(len(trials))),
        subject_in_words(config, run.origin()),
        _table(ranked(trials, run)[:SHOWN], config.metric, run.unit),
        run.folder.uri,
    )


def _table(trials: list[Trial], metric: str, unit: str) -> Markup:
    if not trials:
        return Markup("")
    head = Markup("").join(
        Markup('<th style="{}">{}</th>').format(style, name)
        for name, style in ((unit, NUMBER), (metric, NUMBER), ("parameters", NUMBER),
                            ("architecture", WORDS))
    )  # fmt: skip
    rows = Markup("").join(_row(trial, metric) for trial in trials)
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, rows)


def _row(trial: Trial, metric: str) -> Markup:
    params = trial.metrics.get("params")
    numbers = (
        str(trial.number),
        metric_text(metric, trial.metrics[metric]),
        "" if params is None else f"{params:,.0f}",
    )
    cells = Markup("").join(
        Markup('<td style="{}">{}</td>').format(NUMBER, number) for number in numbers
    )
    words = Markup('<td style="{}">{}</td>').format(WORDS, describe(trial.architecture.value))
    return Markup("<tr>{}{}</tr>").format(cells, words)
