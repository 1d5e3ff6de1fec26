"""What an idle worker of a Ray of our own loads beforehand, and says when it has.

Ray imports this module there, before it knows of any trial.
"""

import os
from pathlib import Path

import raynas.engine.trials.candidate_trial  # noqa: F401  (to have it loaded)
from raynas.engine.local_ray.own_ray import LOADED_WORKERS

if LOADED_WORKERS in os.environ:
    (Path(os.environ[LOADED_WORKERS]) / str(os.getpid())).touch()
