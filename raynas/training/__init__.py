"""From a net and data to metrics: the training of candidates, with Lightning."""

from raynas.training.candidate import Candidate, CandidateError
from raynas.training.data_module import stored_batches
from raynas.training.epoch_report import Metrics, OnEpoch, Save, read_curve
from raynas.training.fit import evaluate_test, fit, load_candidate, make_candidate
from raynas.training.optimizers import OPTIMIZERS, SCHEDULES
from raynas.training.step_logs import StepLog
from raynas.training.trainer import Team

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Candidate",
    "CandidateError",
    "Metrics",
    "OnEpoch",
    "Save",
    "StepLog",
    "Team",
    "evaluate_test",
    "fit",
    "load_candidate",
    "make_candidate",
    "read_curve",
    "stored_batches",
]
