"""Other programs that follow a search, by option: TensorBoard and MLflow.

Those here run on the driver, next to the run folder, and get the metrics of each epoch. Lightning's
own run in the workers, from within each training (see `raynas.training.step_logs`). All go on where
they were when a run is resumed.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any, Literal

from ray import tune

from raynas.engine.trials.trial_report import TrialReport
from raynas.runs.run_config import RunConfig
from raynas.runs.storage import Folder
from raynas.space import describe
from raynas.training import StepLog

TENSORBOARD = "tensorboard"
MLFLOW = "mlflow.db"
TRACKING = "MLFLOW_TRACKING_URI"
KINDS: tuple[Literal["tensorboard", "mlflow"], ...] = ("tensorboard", "mlflow")
LIGHTNING = "lightning-"
"""What the names of Lightning's loggers begin with."""


class EpochLogger(tune.Callback):
    """Follows the trials of a run epoch by epoch; a subclass writes."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave all out of Tune's snapshot: the run folder is the state."""
        return {}

    def begin(self, trial_id: str, facts: dict[str, Any]) -> None:
        """Begin to log a trial, or go on; `facts` are its number and architecture."""
        raise NotImplementedError

    def write(self, trial_id: str, epoch: int, metrics: dict[str, float]) -> None:
        """Log an epoch, from 1."""
        raise NotImplementedError

    def end(self, trial_id: str, failed: bool) -> None:
        """End a trial's log."""
        raise NotImplementedError

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Begin."""
        config = trial.config
        facts = {name: config[name] for name in ("number", "architecture_id")}
        self.begin(config["trial_id"], {**facts, "architecture": describe(config["architecture"])})

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any
    ) -> None:
        """Log the new epochs; the last one's metrics have what its end added."""
        report = TrialReport.of(result)
        for epoch in report.curve if report else []:
            last = report is not None and epoch is report.curve[-1]
            known = report.metrics if report and last else epoch
            numbers = {n: float(v) for n, v in known.items() if type(v) in (int, float)}
            metrics = {n: v for n, v in numbers.items() if n not in ("epoch", "train_seconds")}
            self.write(trial.config["trial_id"], int(epoch["epoch"]), metrics)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """End; a candidate that failed has failed, though its worker lives."""
        report = TrialReport.of(trial.last_result)
        self.end(trial.config["trial_id"], report is None or report.error is not None)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """End."""
        self.end(trial.config["trial_id"], failed=True)


class TensorBoardLogger(EpochLogger):
    """Writes each trial to a folder of its name."""

    def __init__(self, folder: Path) -> None:
        """Write into `folder`."""
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def begin(self, trial_id: str, facts: dict[str, Any]) -> None:
        """Open the trial's folder."""
        from tensorboardX import SummaryWriter

        writer = SummaryWriter(str(self._folder / trial_id), flush_secs=30)
        writer.add_text("architecture", str(facts["architecture"]))
        self._writers[trial_id] = writer

    def write(self, trial_id: str, epoch: int, metrics: dict[str, float]) -> None:
        """Write scalars, under the names that Ray Tune gives them."""
        for name, value in metrics.items():
            self._writers[trial_id].add_scalar(f"ray/tune/{name}", value, epoch)

    def end(self, trial_id: str, failed: bool) -> None:
        """Close the files."""
        self._writers.pop(trial_id).close()


class MLflowLogger(EpochLogger):
    """Makes the run an experiment and each trial a run of it; a resumed trial is the same run."""

    def __init__(self, uri: str, experiment: str) -> None:
        """Find or make the experiment."""
        from mlflow.tracking import MlflowClient

        self._client: Any = MlflowClient(uri)
        known = self._client.get_experiment_by_name(experiment)
        self._experiment = (
            known.experiment_id if known else self._client.create_experiment(experiment)
        )
        self._runs: dict[str, str] = {}

    def begin(self, trial_id: str, facts: dict[str, Any]) -> None:
        """Find the trial's run by its name, where it has one from before."""
        client = self._client
        named = f"attributes.run_name = '{trial_id}'"
        known = client.search_runs([self._experiment], named, max_results=1)
        if known:
            self._runs[trial_id] = known[0].info.run_id
            client.set_terminated(known[0].info.run_id, "RUNNING")
            return
        self._runs[trial_id] = client.create_run(self._experiment, run_name=trial_id).info.run_id
        for name, value in facts.items():
            client.log_param(self._runs[trial_id], name, value)

    def write(self, trial_id: str, epoch: int, metrics: dict[str, float]) -> None:
        """Send the metrics."""
        for name, value in metrics.items():
            self._client.log_metric(self._runs[trial_id], name, value, step=epoch)

    def end(self, trial_id: str, failed: bool) -> None:
        """Close the trial's run."""
        self._client.set_terminated(self._runs.pop(trial_id), "FAILED" if failed else "FINISHED")


def make_loggers(config: RunConfig, folder: Folder) -> list[EpochLogger]:
    """Make those that a run wants; nothing is written yet.

    Raises:
        ValueError: as `check_loggers` says.
    """
    loggers: list[EpochLogger] = []
    if "tensorboard" in config.logger:
        loggers.append(TensorBoardLogger(Path(_where("tensorboard", folder))))
    if "mlflow" in config.logger:
        loggers.append(MLflowLogger(_where("mlflow", folder), config.name))
    return loggers


def make_step_logs(config: RunConfig, folder: Folder) -> tuple[StepLog, ...]:
    """Say where Lightning's loggers are to write, in the workers; MLflow's data base is made here.

    Raises:
        ValueError: as `check_loggers` says.
    """
    kinds = [kind for kind in KINDS if LIGHTNING + kind in config.logger]
    logs = tuple(StepLog(kind, _where(kind, folder), config.name) for kind in kinds)
    for log in logs:
        log.prepare()
    return logs


def check_loggers(config: RunConfig, folder: Folder) -> None:
    """Check that the loggers that a run wants can write; nothing is written yet.

    Raises:
        ValueError: a package is missing, or the run folder is remote and the logger writes files.
    """
    for name in config.logger:
        _where(name.removeprefix(LIGHTNING), folder)


def _where(kind: str, folder: Folder) -> str:
    """Return the folder for TensorBoard, the tracking URI for MLflow."""
    if kind == "tensorboard":
        return str(_local(folder) / TENSORBOARD)
    if importlib.util.find_spec("mlflow") is None:
        raise ValueError("logger mlflow needs a package: pip install 'raynas[mlflow]' (or mlflow)")
    return os.environ.get(TRACKING) or f"sqlite:///{_local(folder) / MLFLOW}"


def _local(folder: Folder) -> Path:
    if folder.local is None:
        raise ValueError(
            f"logger: the files of TensorBoard and MLflow need a local --storage, got "
            f"{folder.uri}; for MLflow set {TRACKING} to a server instead"
        )
    return folder.local.absolute()
