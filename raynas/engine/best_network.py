"""What a search hands back: `best/`, the best network, tested once."""

import io
from typing import Any

import ray
import torch

from raynas.engine.trial_setup import CHECKPOINT, Job, test_trial
from raynas.networks.found_network import found_network, pack_weights, write_found, write_network
from raynas.options.run_options import RunOptions
from raynas.runs.run_folder import RunFolder
from raynas.runs.storage import Folder
from raynas.runs.trial import Trial
from raynas.space import LoadedSpace


def write_best(run: RunFolder, trial: Trial, job: Job, space: LoadedSpace) -> None:
    """Test the best trial's network and write `best/`; a test made before is not made again."""
    known, folder, config = run.best(), run.folder / "best", run.config
    origin = run.origin()
    if origin is not None:
        test = {name: trial.metrics[name] for name in trial.metrics if name.startswith("test_")}
        weights = trial_weights(job.checkpoints, trial.trial_id)
        found = {**_found(config, trial, job, test), **_retraining(run, origin)}
        write_network(folder, found, weights, space.source, job.modules)
        return
    if known is not None and known["trial_id"] == trial.trial_id:
        if known["trials"] != config.trials:
            write_found(folder, {**known, "trials": config.trials})
        return
    if config.gpus_per_trial:
        on_gpu = ray.remote(num_cpus=job.cpus, num_gpus=job.gpus)(_test)
        test = ray.get(on_gpu.remote(job, trial.trial_id, trial.architecture.value))
    else:  # here, where all is loaded: a new worker takes seconds to start
        test = _test(job, trial.trial_id, trial.architecture.value)
    weights = trial_weights(job.checkpoints, trial.trial_id)
    found = _found(config, trial, job, test)
    write_network(folder, found, weights, space.source, job.modules)


def trial_weights(checkpoints: Folder, trial_id: str) -> bytes:
    """Return the weights that a trial's checkpoint holds, packed."""
    checkpoint = io.BytesIO((checkpoints / trial_id).read(CHECKPOINT))
    return pack_weights(torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"])


def _found(config: RunOptions, trial: Trial, job: Job, test: dict[str, float]) -> dict[str, Any]:
    return found_network(config, trial, job.data, job.training, job.space_name, test=test)


def _retraining(run: RunFolder, origin: dict[str, Any]) -> dict[str, Any]:
    """Say what was retrained, and how well each seed did."""
    trials = sorted(run.trials(), key=lambda trial: trial.number)
    seeds = [{"seed": t.number, **t.metrics} for t in trials if t.status == "completed"]
    return {**origin, "retrained": {"epochs": run.config.epochs, "seeds": seeds}}


def _test(job: Job, trial_id: str, value: Any) -> dict[str, float]:
    torch.set_num_threads(job.threads)
    return test_trial(job, trial_id, value)
