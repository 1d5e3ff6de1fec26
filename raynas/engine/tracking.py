"""Other programs that follow a search, by option: TensorBoard and MLflow.

Ray's own loggers run on the driver, next to the run folder, and get the metrics of each epoch.
Lightning's own run in the workers, from within each training (see `raynas.training.step_logs`). All
go on where they were when a run is resumed.
"""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune.logger.tensorboardx import TBXLoggerCallback

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


class TensorBoardLogger(TBXLoggerCallback):
    """Writes each trial to a folder of its name, its architecture as a hyper-parameter."""

    def __init__(self, folder: Path) -> None:
        """Write into `folder`."""
        super().__init__()  # type: ignore[no-untyped-call]  # it has no types
        self._folder = folder

    def __getstate__(self) -> dict[str, Any]:
        """Leave all out of Tune's snapshot: the run folder is the state."""
        return {}

    def log_trial_start(self, trial: Any) -> None:
        """Open, or go on with, the folder of a trial."""
        trial.evaluated_params = {"architecture": describe(trial.config["architecture"])}
        self._trial_writer[trial] = self._summary_writer_cls(
            str(self._folder / str(trial)), flush_secs=30
        )
        self._trial_result[trial] = {}

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        """Write the metrics of an epoch."""
        super().log_trial_result(iteration, trial, _epoch(result))


class MLflowLogger(MLflowLoggerCallback):
    """Makes the run an experiment and each trial a run of it; a resumed trial is the same run."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave all out of Tune's snapshot: the run folder is the state."""
        return {}

    def log_trial_start(self, trial: Any) -> None:
        """Find the trial's run by its name, where it has one from before."""
        util = self.mlflow_util
        known = util._get_client().search_runs(
            [str(util.experiment_id)], f"attributes.run_name = '{trial}'", max_results=1
        )
        if known:
            self._trial_runs[trial] = known[0].info.run_id
        super().log_trial_start(trial)

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        """Send the metrics of an epoch."""
        super().log_trial_result(iteration, trial, _epoch(result))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        """Close the trial's run; a candidate that failed has failed, though its worker lives."""
        super().log_trial_end(trial, failed or bool((trial.last_result or {}).get("error")))
        del self._trial_runs[trial]


def make_loggers(config: RunConfig, folder: Folder) -> list[Any]:
    """Make Ray's loggers, those that a run wants; nothing is written yet.

    Raises:
        ValueError: as `check_loggers` says.
    """
    found: list[Any] = []
    if "tensorboard" in config.logger:
        found.append(TensorBoardLogger(Path(_where("tensorboard", folder))))
    if "mlflow" in config.logger:
        uri = _where("mlflow", folder)
        found.append(MLflowLogger(tracking_uri=uri, experiment_name=config.name))
    return found


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


@contextmanager
def mlflow_undisturbed(config: RunConfig) -> Iterator[None]:
    """Leave MLflow's tracking URI as it was: loggers set it for the whole process."""
    if "mlflow" not in config.logger:
        yield
        return
    import mlflow

    before, uri = os.environ.get(TRACKING), mlflow.get_tracking_uri()
    try:
        yield
    finally:
        mlflow.set_tracking_uri(uri)  # which sets the variable, too
        os.environ.pop(TRACKING, None)
        os.environ.update({} if before is None else {TRACKING: before})


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


def _epoch(result: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of an epoch, which counts on when a trial is resumed."""
    metrics = {name: result[name] for name in result.get("metric_names", ())}
    return {**metrics, "training_iteration": int(result.get("epoch", 0))}
