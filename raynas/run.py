"""A run in the hands of a Python program or a notebook: its table, its network, what to do next."""

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from rich.console import Console

from raynas.nets import Network
from raynas.networks.found_network import load
from raynas.options.run_options import RunOptions
from raynas.report import write_report
from raynas.results.export import export_run
from raynas.results.retrain import retrain_run
from raynas.runs.run_folder import RunFolder, open_run
from raynas.runs.trial import JSON_COLUMNS, Trial
from raynas.space import describe
from raynas.terminal.live_view import TerminalView
from raynas.terminal.output import plain_console
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
        """Say which run this is."""
        return f"Run({self.folder!r})"

    @property
    def trials(self) -> pd.DataFrame:
        """The finished trials as they are now, a row each, in order of proposal.

        The columns are those of the record (see README), with `architecture`, `picks`, `parents`,
        `curve` … as Python data, a `description` of the architecture, and one column a metric.
        """
        rows = [_row(trial) for trial in self._run.trials()]
        frame = pd.DataFrame(rows, columns=None if rows else ["number", "status"])
        return frame.sort_values("number", ignore_index=True)

    def best(self) -> dict[str, Any] | None:
        """Return what was found: architecture, metrics, test result; None while it goes on."""
        return self._run.best()

    def network(self) -> Network:
        """Load the best network, in eval mode; see `raynas.load`.

        Raises:
            ValueError: the search goes on.
        """
        return load(self.folder)

    def status(self) -> str:
        """Say how far it is: progress, the best so far, failures."""
        text = StringIO()
        show_status(self.folder, plain_console(text, width=120))
        return text.getvalue()

    def report(self, *, compare: Sequence[str | Path] = ()) -> str:
        """Write the run's report, a page for a browser, into its folder and return where it is.

        Args:
            compare: Folders of other runs of the same data and metric, to draw beside this one.

        Raises:
            ValueError: one of them is no run, or cannot be compared with this one.
        """
        return write_report(self._run, compare=[open_run(str(other)) for other in compare])

    def retrain(
        self,
        *,
        rank: int = 1,
        epochs: int | None = None,
        seeds: int | None = None,
        name: str = "",
        options: Mapping[str, Any] | None = None,
        logger: Sequence[str] | None = None,
        cpus_per_trial: float | None = None,
        gpus_per_trial: float | None = None,
        address: str | None = None,
        progress: bool = False,
    ) -> "Run":
        """Train a found architecture in full, or go on with it; `raynas retrain`.

        Args:
            rank: Which architecture: 1 is the best of the search.
            epochs: Ten times those of the search, unless given.
            seeds: Train it so many times, from other weights (1, unless given).
            name: Name of its folder in retrained/; by default trial-NUMBER.
            options: Those of the training, in place of the search's.
            logger: Others that follow it, as in `raynas.search`; by default those of the search.
            cpus_per_trial: CPU cores for each seed; by default the search's.
            gpus_per_trial: GPUs for each seed; by default the search's.
            address: A Ray cluster to join, as in `raynas.search`.
            progress: Show it while it goes on.

        Raises:
            ValueError: no such rank or option, or `name` has been trained otherwise.
            RunFailed: every seed failed.
        """
        return Run(
            retrain_run(
                self.folder,
                rank=rank,
                epochs=epochs,
                seeds=seeds,
                name=name,
                options=options,
                logger=logger,
                cpus_per_trial=cpus_per_trial,
                gpus_per_trial=gpus_per_trial,
                address=address,
                view=TerminalView(Console(), lambda run: None) if progress else None,
            )
        )

    def export(
        self,
        *,
        rank: int = 1,
        format: Literal["pytorch", "onnx"] = "pytorch",
        output: str | Path = "",
        quantize: Literal["int8"] | None = None,
    ) -> str:
        """Write a network as a program that runs without raynas; `raynas export`.

        Returns the folder that was written. Of a trial that was retrained, that network is taken.

        Args:
            rank: Which architecture: 1 is the best of the search.
            format: "pytorch" is a torch.export program, "onnx" needs `raynas[onnx]`.
            output: The folder to write; by default exported/ in the run's.
            quantize: "int8" also writes the network in 8 bits; with "pytorch" it needs
                `raynas[int8]`.

        Raises:
            ValueError: no such rank or weights, or the output is not empty.
            ExportFailed: the network cannot be written so, or the program does not agree with it.
        """
        exported = export_run(
            self.folder, rank=rank, format_=format, output=str(output or ""), quantize=quantize
        )
        return exported.folder.uri


def _row(trial: Trial) -> dict[str, Any]:
    """Return the record's row of a trial with its JSON read."""
    row = trial.to_row()
    data = {name: json.loads(row[name]) for name in JSON_COLUMNS if row[name] is not None}
    words = "supernet" if trial.proposal.supernet else describe(trial.architecture.value)
    return {**row, **data, "description": words}
