"""From a run folder to the page of its report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from raynas.report.facts.comparison import check_comparable
from raynas.report.facts.facts import Facts
from raynas.report.page import page
from raynas.runs.run_file import read_run_file
from raynas.runs.run_folder import REPORT, RunFolder
from raynas.runs.wording import command


def write_report(
    run: RunFolder, state: str | None = None, compare: Sequence[RunFolder] = ()
) -> str:
    """Write `report.html` into a run's folder, in one step, and return where it is.

    `state` is that of the run, for who knows it better than the folder: the run itself. The runs to
    `compare` with are drawn in its pictures of progress.

    Raises:
        ValueError: one of them cannot be compared with the run.
    """
    facts = read_facts(run, state)
    others = tuple(read_facts(other) for other in compare)
    for other in others:
        check_comparable(facts, other)
    run.folder.write(REPORT, page(replace(facts, others=others)).encode())
    return run.folder.uri_of(REPORT)


def read_facts(run: RunFolder, state: str | None = None) -> Facts:
    """Gather what a report is made from; no code of the run is executed."""
    folder, trials = run.folder, list(run.trials())
    file = read_run_file(folder)
    return Facts(
        config=run.config,
        versions=file.versions,
        space_source=folder.read("space.py").decode() if folder.exists("space.py") else "",
        uri=folder.uri,
        command=command(),
        state=state or run.state(len(trials)),
        written_at=datetime.now(UTC),
        trials=trials,
        best=run.best(),
        origin=run.origin(),
        validation=file.validation,
        started=file.started,
    )
