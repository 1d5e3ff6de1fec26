"""Lightning's own loggers: they see a training from within, each step of it."""

from dataclasses import dataclass
from typing import Literal

from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger

from raynas.options.training_options import TrainingOptions

EVERY_STEPS = 10
"""A training logs the loss and the learning rate of one step in so many."""
WITHIN = "steps"
"""What the logs of a training are called, beside those of its epochs under the trial's name."""


@dataclass(frozen=True)
class StepLog:
    """Where Lightning logs the trainings of a run.

    `where` is a folder for TensorBoard, the tracking URI for MLflow; `experiment` is MLflow's name
    of the run. All workers must see it.
    """

    kind: Literal["tensorboard", "mlflow"]
    where: str
    experiment: str

    def prepare(self) -> None:
        """Make what all trainings write to, before several of them begin at once."""
        if self.kind == "mlflow":
            from mlflow.tracking import MlflowClient

            client = MlflowClient(self.where)
            if client.get_experiment_by_name(self.experiment) is None:
                client.create_experiment(self.experiment)

    def open(self, trial_id: str, config: TrainingOptions, architecture: str) -> Logger:
        """Make the logger of one trial, or go on with what it has logged."""
        parameters = {"architecture": architecture, **config.model_dump()}
        logger = (
            self._tensorboard(trial_id) if self.kind == "tensorboard" else self._mlflow(trial_id)
        )
        logger.log_hyperparams(parameters)
        return logger

    def _tensorboard(self, trial_id: str) -> Logger:
        return TensorBoardLogger(self.where, trial_id, WITHIN, default_hp_metric=False)

    def _mlflow(self, trial_id: str) -> Logger:
        from mlflow.tracking import MlflowClient

        name = f"{trial_id}/{WITHIN}"
        client = MlflowClient(self.where)
        experiment = client.get_experiment_by_name(self.experiment)
        ids = [] if experiment is None else [experiment.experiment_id]
        known = client.search_runs(ids, f"attributes.run_name = '{name}'", max_results=1)
        return MLFlowLogger(
            self.experiment,
            run_name=name,
            tracking_uri=self.where,
            run_id=known[0].info.run_id if known else None,
        )
