"""From a run folder to the page of its report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from raynas.report.facts.comparison import check_comparable
from raynas.report.facts.facts import Facts
from raynas.report.page import page
from raynas.runs.run_file import read_run_file
from raynas.runs.run_folder import REPORT, RunFolder
from raynas.runs.storage import open_folder
from raynas.runs.user_code import SPACE
from raynas.runs.wording import command


def write_report(
    run: RunFolder,
    state: str | None = None,
    compare: Sequence[RunFolder] = (),
    output: str = "",
) -> str:
    """Write `report.html` into a run's folder, or the file `output`, and return where it is.

    `state` is that of the run, for who knows it better than the folder: the run itself. The runs to
    `compare` with are drawn in its pictures of progress.

    Raises:
        ValueError: one of them cannot be compared with the run, or the page cannot be written.
    """
    facts = read_facts(run, state)
    others = tuple(read_facts(other) for other in compare)
    for other in others:
        check_comparable(facts, other)
    content = page(replace(facts, others=others)).encode()
    place, _, name = output.rpartition("/")
    folder = open_folder(place or ("/" if output.startswith("/") else ".")) if name else run.folder
    try:
        folder.write(name or REPORT, content)
    except OSError as error:
        hint = "" if name else "; --output FILE writes it elsewhere"
        raise ValueError(
            f"report {output or run.folder.uri_of(REPORT)} cannot be written: {error}{hint}"
        ) from error
    return output if name else run.folder.uri_of(REPORT)


def read_facts(run: RunFolder, state: str | None = None) -> Facts:
    """Gather what a report is made from; no code of the run is executed."""
    folder, trials = run.folder, list(run.trials())
    file = read_run_file(folder)
    return Facts(
        config=run.config,
        versions=file.versions,
        space_source=folder.read(SPACE).decode() if folder.exists(SPACE) else "",
        uri=folder.uri,
        command=command(),
        state=state or run.state(len(trials)),
        written_at=datetime.now(UTC),
        trials=trials,
        best=run.best(),
        origin=run.origin(),
        validation=file.validation,
        latencies=run.latencies(),
        started=file.started,
        ended=file.ended,
    )
