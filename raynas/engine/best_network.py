"""What a search hands back: `best/`, the best network, tested once."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import ray
import torch

from raynas.engine.trials.process_state import kept_process_state
from raynas.engine.trials.trial_setup import TrialSetup, test_trial
from raynas.nets import build_net, measure_alone
from raynas.networks.network_folder import (
    NetworkParts,
    found_network,
    pack_weights,
    write_found,
    write_network,
)
from raynas.runs.found_network import FoundNetwork, Retrained
from raynas.runs.integrity.trial_folders import CHECKPOINT
from raynas.runs.run_file import read_run_file
from raynas.runs.run_folder import RunFolder
from raynas.runs.storage import Folder
from raynas.runs.trial import Trial
from raynas.space import LoadedSpace


def write_best(
    run: RunFolder, trial: Trial, setup: TrialSetup, space: LoadedSpace, *, patched: bool
) -> None:
    """Test the best trial's network and write `best/`; a test made before is not made again.

    `patched`: this process is no place for that any more, as a user's code has changed a library.
    """
    known, origin, folder, config = run.best(), run.origin(), run.folder / "best", run.config
    if origin is None and known is not None and known.trial_id == trial.trial_id:
        if known.trials != config.trials:
            write_found(folder, known.but(trials=config.trials))
        return
    value = trial.architecture.value
    compute = partial(_where_it_computes, apart=patched or bool(setup.gpus))
    if origin is not None:
        test = {name: trial.metrics[name] for name in trial.metrics if name.startswith("test_")}
    else:
        test = compute(_test, setup, trial.trial_id, value)
    latency = compute(_measure, setup, value)
    network_facts: FoundNetwork = found_network(
        config,
        trial,
        setup.data,
        setup.training,
        setup.space_name,
        test=test,
        validation=read_run_file(run.folder).validation,
    )
    network_facts = network_facts.but(**latency)
    if origin is not None:
        network_facts = network_facts.from_origin(origin, _retrained(run))
    weights = trial_weights(setup.checkpoints, trial.trial_id)
    write_network(folder, NetworkParts(network_facts, weights, space.source, setup.modules))


def trial_weights(checkpoints: Folder, trial_id: str) -> bytes:
    """Return the weights that a trial's checkpoint holds, packed."""
    checkpoint = io.BytesIO((checkpoints / trial_id).read(CHECKPOINT))
    return pack_weights(torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"])


def _retrained(run: RunFolder) -> Retrained:
    """Say how well each seed did."""
    trials = sorted(run.trials(), key=lambda trial: trial.number)
    seeds = [{"seed": t.number, **t.metrics} for t in trials if t.status == "completed"]
    return Retrained(epochs=run.config.epochs, seeds=seeds)


def _where_it_computes(
    work: Callable[..., dict[str, float]], setup: TrialSetup, *rest: Any, apart: bool
) -> dict[str, float]:
    """Call a function here or `apart`, in a worker with the CPUs and GPUs of a trial.

    Here all is loaded: a new worker takes seconds to start.
    """
    if not apart:
        with kept_process_state():
            return work(setup, *rest)
    there = ray.remote(num_cpus=setup.cpus, num_gpus=setup.gpus)(_prepared)
    answer: dict[str, float] = ray.get(there.remote(work, setup, *rest))
    return answer


def _prepared(
    work: Callable[..., dict[str, float]], setup: TrialSetup, *rest: Any
) -> dict[str, float]:
    setup.prepare()
    return work(setup, *rest)


def _measure(setup: TrialSetup, value: Any) -> dict[str, float]:
    """Measure the latency now that no trial trains, with as many threads as a trial had."""
    net = build_net(setup.space.build, value, setup.data.input_shape, setup.data.num_outputs)
    torch.set_num_threads(setup.threads)
    device = "cuda" if setup.gpus and torch.cuda.is_available() else "cpu"
    latency = measure_alone(net.to(device), setup.data.input_shape)
    return {
        "latency_ms": latency.median,
        "latency_low": latency.low,
        "latency_high": latency.high,
    }


def _test(setup: TrialSetup, trial_id: str, value: Any) -> dict[str, float]:
    torch.set_num_threads(setup.threads)
    return test_trial(setup, trial_id, value)
