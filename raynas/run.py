"""A run in the hands of a Python program or a notebook: its table, its network, what to do next."""

import json
from io import StringIO
from typing import Any

import pandas as pd
from rich.console import Console

from raynas.nets import Network
from raynas.networks.network_folder import load
from raynas.options.command_options import Attended, ExportCall, ReportCall, RetrainCall, Trusting
from raynas.options.keywords import takes
from raynas.options.run_options import RunOptions
from raynas.report import write_report
from raynas.results.export import export_run
from raynas.results.retrain import retrain_run
from raynas.runs.run_folder import RunFolder, open_run
from raynas.runs.trial import JSON_COLUMNS, Trial
from raynas.runs.wording import method_in_words
from raynas.space import describe
from raynas.terminal.live_view import TerminalView
from raynas.terminal.notebook_view import NotebookView, notebook_publisher
from raynas.terminal.output import plain_console
from raynas.terminal.run_summary import run_summary
from raynas.terminal.status import show_status


class Run:
    """One search (or retraining) and its folder.

    `folder` is where it lies, a path or URI; `config` has its options; `interrupted` says whether
    it was told to end before all trials were done.
    """

    def __init__(self, opened: RunFolder) -> None:
        """Wrap a run folder; `raynas.search` and `raynas.open_run` do."""
        self._run = opened
        self.folder: str = opened.folder.uri
        self.config: RunOptions = opened.config
        self.interrupted = opened.interrupted

    def __repr__(self) -> str:
        """Say which run this is; nothing is read for that."""
        config = self.config
        return (
            f"Run({self.folder!r}, space={config.space!r}, strategy={method_in_words(config)!r}, "
            f"data={config.data!r}, trials={config.trials}, epochs={config.epochs}, "
            f"metric={config.metric!r})"
        )

    def _repr_html_(self) -> str:
        """Show in a notebook how far it is and its best trials, as they are now."""
        return run_summary(self._run)

    @property
    def trials(self) -> pd.DataFrame:
        """The finished trials as they are now, a row each, in order of proposal.

        The columns are those of the record (docs/resuming.md), with `architecture`, `picks`,
        `parents`, `curve` … as Python data, a `description` of the architecture, and one column a
        metric.
        """
        rows = [_row(trial) for trial in self._run.trials()]
        frame = pd.DataFrame(rows, columns=None if rows else ["number", "status"])
        return frame.sort_values("number", ignore_index=True)

    def best(self) -> dict[str, Any] | None:
        """Return what was found: architecture, metrics, test result; None while it goes on."""
        best = self._run.best()
        return None if best is None else best.model_dump(exclude_unset=True, by_alias=True)

    @takes(Trusting)
    def network(self, call: Trusting) -> Network:
        """Load the best network, in eval mode; see `raynas.load`.

        Raises:
            ValueError: the search goes on, or the code in the folder is not this account's.
        """
        return load(self.folder, trust=call.trust)

    def status(self) -> str:
        """Say how far it is: progress, the best so far, failures."""
        text = StringIO()
        show_status(self.folder, plain_console(text, width=120))
        return text.getvalue()

    @takes(ReportCall)
    def report(self, call: ReportCall) -> str:
        """Write the run's report, a page for a browser, into its folder and return where it is.

        Raises:
            ValueError: a run to compare is none, or cannot be compared with this one.
        """
        others = [open_run(other) for other in call.compare]
        return write_report(self._run, compare=others, output=call.output)

    @takes(RetrainCall)
    def retrain(self, call: RetrainCall) -> "Run":
        """Train a found architecture in full, or go on with it; `raynas retrain`.

        Raises:
            ValueError: no such rank or option, or `name` has been trained otherwise.
            RunFailed: every seed failed.
        """
        return Run(retrain_run(self.folder, call, view_of(call)))

    @takes(ExportCall)
    def export(self, call: ExportCall) -> str:
        """Write a network as a program that runs without raynas; `raynas export`.

        Returns the folder that was written. Of a trial that was retrained, that network is taken.

        Raises:
            ValueError: no such rank or weights, or the output is not empty.
            ExportFailed: the network cannot be written so, or the program does not agree with it.
        """
        return export_run(self.folder, call).folder.uri


def view_of(call: Attended) -> TerminalView | None:
    """Return what shows a run while it goes on, where that is wanted."""
    if not call.progress:
        return None
    publish = notebook_publisher()
    return NotebookView(publish) if publish else TerminalView(Console(), others_print=True)


def _row(trial: Trial) -> dict[str, Any]:
    """Return the record's row of a trial with its JSON read."""
    row = trial.to_row()
    data = {name: json.loads(row[name]) for name in JSON_COLUMNS if row[name] is not None}
    words = "supernet" if trial.proposal.supernet else describe(trial.architecture.value)
    return {**row, **data, "description": words}
