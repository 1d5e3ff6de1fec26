"""From a net to metrics: data sets, and the training of candidates with Lightning."""

from raynas.training.arrays import ArrayData, ArrayDataModule
from raynas.training.batches import Batches, ShuffledBatches
from raynas.training.builtin import BUILTIN
from raynas.training.candidate import Candidate
from raynas.training.config import TrainingConfig
from raynas.training.data import is_user_data, load_arrays, load_data
from raynas.training.errors import CandidateError
from raynas.training.fit import Build, evaluate_test, fit, load_candidate, make_candidate
from raynas.training.loggers import StepLog
from raynas.training.optimizers import OPTIMIZERS, SCHEDULES
from raynas.training.report import Metrics, OnEpoch, Save, read_curve
from raynas.training.samples import stored_batches
from raynas.training.share import check_shares
from raynas.training.source import DataOptions, DataSource
from raynas.training.supernet_config import SupernetConfig
from raynas.training.supernet_fit import check_supernet, fit_supernet
from raynas.training.trainer import Team
from raynas.training.user_data import UserData

__all__ = [
    "BUILTIN",
    "OPTIMIZERS",
    "SCHEDULES",
    "ArrayData",
    "ArrayDataModule",
    "Batches",
    "Build",
    "Candidate",
    "CandidateError",
    "DataOptions",
    "DataSource",
    "Metrics",
    "OnEpoch",
    "Save",
    "ShuffledBatches",
    "StepLog",
    "SupernetConfig",
    "Team",
    "TrainingConfig",
    "UserData",
    "check_shares",
    "check_supernet",
    "evaluate_test",
    "fit",
    "fit_supernet",
    "is_user_data",
    "load_arrays",
    "load_candidate",
    "load_data",
    "make_candidate",
    "read_curve",
    "stored_batches",
]
