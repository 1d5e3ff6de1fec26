"""What a search hands back: `best/`, the best network, tested once."""

import tempfile
from pathlib import Path
from typing import Any

import ray
import torch

from raynas.runs.network import found_network, pack_weights, write_found, write_network
from raynas.runs.record import Trial
from raynas.runs.run import Run
from raynas.runs.trial import CHECKPOINT, Job
from raynas.space import LoadedSpace, load_space_source
from raynas.training import evaluate_test


def write_best(run: Run, trial: Trial, job: Job, space: LoadedSpace) -> None:
    """Test the best trial's network and write `best/`; a test made before is not made again."""
    known, folder = run.best(), run.folder / "best"
    if known is not None and known["trial_id"] == trial.trial_id:
        if known["trials"] != run.config.trials:
            write_found(folder, {**known, "trials": run.config.trials})
        return
    config = run.config
    if config.gpus_per_trial:
        on_gpu = ray.remote(num_cpus=config.cpus_per_trial, num_gpus=config.gpus_per_trial)(_test)
        test, weights = ray.get(on_gpu.remote(job, trial.trial_id, trial.architecture.value))
    else:  # here, where all is loaded: a new worker takes seconds to start
        test, weights = _test(job, trial.trial_id, trial.architecture.value)
    write_network(folder, found_network(config, trial, job, test), weights, space.source)


def _test(job: Job, trial_id: str, value: Any) -> tuple[dict[str, float], bytes]:
    """Return the test metrics of a trial's network, and its weights."""
    torch.set_num_threads(job.threads)
    build = load_space_source(job.space_source, job.space_name).build
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / CHECKPOINT
        (job.checkpoints / trial_id).download(CHECKPOINT, checkpoint)
        test = evaluate_test(
            build, value, job.data, job.training, checkpoint, accelerator=job.accelerator
        )
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    return test, pack_weights(state)
