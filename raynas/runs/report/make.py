"""From a run folder to the page of its report."""

import ast
from datetime import UTC, datetime
from typing import Any

import yaml

from raynas.runs.options import RunOptions
from raynas.runs.output import command
from raynas.runs.record import Trial
from raynas.runs.report.facts import Facts
from raynas.runs.report.page import page
from raynas.runs.storage import Folder


def make_report(
    folder: Folder,
    config: RunOptions,
    trials: list[Trial],
    best: dict[str, Any] | None,
    state: str,
) -> str:
    """Return the HTML of a run's report.

    No code of the run is executed: of its space file only the text at the top is read.
    """
    facts = Facts(
        config=config,
        versions=yaml.safe_load(folder.read("run.yaml")).get("versions") or {},
        space_doc=_doc(folder),
        uri=folder.uri,
        command=command(),
        state=state,
        written_at=datetime.now(UTC),
        trials=trials,
        best=best,
    )
    return page(facts)


def _doc(folder: Folder) -> str:
    """Return the docstring of the run's space file, "" where there is none."""
    try:
        return ast.get_docstring(ast.parse(folder.read("space.py"))) or ""
    except (FileNotFoundError, SyntaxError, ValueError):
        return ""
