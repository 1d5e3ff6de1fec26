"""What a search hands back: `best/`, the best network, tested once."""

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ray
import torch

from raynas.engine.trials.printed import limited_printing
from raynas.engine.trials.process_state import kept_process_state
from raynas.engine.trials.trial_setup import TrialSetup, test_trial
from raynas.nets import build_net, measure_alone
from raynas.nets.cost import Latency
from raynas.networks.network_folder import (
    NetworkParts,
    found_network,
    pack_weights,
    write_found,
    write_network,
)
from raynas.runs.endings import RunFailed
from raynas.runs.found_network import FoundNetwork, Latencies, MeasuredLatency, Retrained
from raynas.runs.integrity.trial_folders import CHECKPOINT
from raynas.runs.ranking import COSTS, costs_of, on_front, quality_of, ranked
from raynas.runs.run_file import read_run_file
from raynas.runs.run_folder import LATENCIES, RunFolder
from raynas.runs.storage import Folder, StoreError
from raynas.runs.trial import Trial
from raynas.space import LoadedSpace

MEASURED = 20
"""Networks whose latency is measured when the search is over."""


def write_best(
    run: RunFolder,
    kept: Sequence[Trial],
    setup: TrialSetup,
    space: LoadedSpace,
    *,
    trials: int,
    patched: bool,
) -> None:
    """Test the network of the first of the kept trials and write `best/`, and latencies.

    It is the best of so many `trials`, those that there are. A test made before is not made again.
    `patched`: this process is no place for that any more, as a user's code has changed a library.
    """
    trial = kept[0]
    known, origin, folder, config = run.best(), run.origin(), run.folder / "best", run.config
    compute = partial(_where_it_computes, apart=patched or bool(setup.gpus))
    if origin is None and known is not None and known.trial_id == trial.trial_id:
        if known.trials != trials:
            write_found(folder, known.but(trials=trials))
            _measured(run, kept, setup, compute)
        return
    value, weights = trial.architecture.value, _weights(setup.checkpoints, trial)
    if origin is not None:
        test = {name: trial.metrics[name] for name in trial.metrics if name.startswith("test_")}
    else:
        test = compute(_test, setup, trial.trial_id, value)
    # Only now: the networks that this builds, too, may change a library.
    latency = _measured(run, kept, setup, compute).trials[trial.number]
    network_facts: FoundNetwork = found_network(
        config,
        trial,
        setup.data,
        setup.training,
        setup.space_name,
        trials=trials,
        test=test,
        validation=read_run_file(run.folder).validation,
    )
    network_facts = network_facts.but(
        latency_ms=latency.median, latency_low=latency.low, latency_high=latency.high
    )
    if origin is not None:
        network_facts = network_facts.from_origin(origin, _retrained(run))
    write_network(folder, NetworkParts(network_facts, weights, space.source, setup.modules))


def _weights(checkpoints: Folder, trial: Trial) -> bytes:
    """Return the weights of a trial, packed.

    Raises:
        RunFailed: its checkpoint is damaged or missing.
    """
    try:
        return trial_weights(checkpoints, trial.trial_id)
    except StoreError:
        raise
    except Exception as error:
        raise RunFailed(
            f"the best network's weights, {(checkpoints / trial.trial_id).uri_of(CHECKPOINT)}, "
            f"cannot be read ({type(error).__name__}), so it is not tested; put back a copy and "
            "resume, or train it anew: raynas retrain"
        ) from error


def trial_weights(checkpoints: Folder, trial_id: str) -> bytes:
    """Return the weights that a trial's checkpoint holds, packed."""
    checkpoint = io.BytesIO((checkpoints / trial_id).read(CHECKPOINT))
    return pack_weights(torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"])


def _retrained(run: RunFolder) -> Retrained:
    """Say how well each seed did."""
    trials = sorted(run.trials(), key=lambda trial: trial.number)
    seeds = [{"seed": t.number, **t.metrics} for t in trials if t.status == "completed"]
    return Retrained(epochs=run.config.epochs, seeds=seeds)


def _measured(
    run: RunFolder, kept: Sequence[Trial], setup: TrialSetup, compute: Callable[..., Any]
) -> Latencies:
    """Measure the latencies of the kept trials and of the fronts, and write them.

    Those that the same kind of device was measured for before are not measured again; of a
    retraining, whose seeds are alike, the best is enough.
    """
    device = (
        f"gpu x {setup.gpus:g}"
        if setup.gpus
        else f"cpu, {setup.threads} thread{'s' if setup.threads > 1 else ''}"
    )
    before = run.latencies()
    known = before.trials if before is not None and before.device == device else {}
    trials = kept[:1] if run.origin() else _worth_measuring(run, kept)
    new = [t for t in trials if t.number not in known]
    values = [t.architecture.value for t in new]
    latencies = [
        MeasuredLatency(**latency._asdict()) for latency in compute(_measure, setup, values)
    ]
    measured = dict(zip((t.number for t in new), latencies, strict=True))
    every = Latencies(device=device, trials={**known, **measured})
    run.folder.write(LATENCIES, every.to_json())
    return every


def _worth_measuring(run: RunFolder, kept: Sequence[Trial]) -> list[Trial]:
    """Return the kept trials, and those on the front of a cost, up to `MEASURED`."""
    trials = ranked(list(run.trials()), run)
    quality = quality_of(run.config.metric)
    on = {t.number for cost in COSTS for t in on_front(trials, quality, costs_of(trials, cost))}
    others = [t for t in trials if t.number in on - {k.number for k in kept}]
    return [*kept, *others][:MEASURED]


def _where_it_computes(work: Callable[..., Any], setup: TrialSetup, *rest: Any, apart: bool) -> Any:
    """Call a function here or `apart`, in a worker with the CPUs and GPUs of a trial.

    Here all is loaded: a new worker takes seconds to start.
    """
    if not apart:
        with kept_process_state(), limited_printing():
            return work(setup, *rest)
    there = ray.remote(num_cpus=setup.cpus, num_gpus=setup.gpus)(_prepared)
    return ray.get(there.remote(work, setup, *rest))


def _prepared(work: Callable[..., Any], setup: TrialSetup, *rest: Any) -> Any:
    setup.prepare()
    with limited_printing():
        return work(setup, *rest)


def _measure(setup: TrialSetup, values: Sequence[Any]) -> list[Latency]:
    """Measure latencies now that no trial trains, with as many threads as a trial had."""
    torch.set_num_threads(setup.threads)
    device = "cuda" if setup.gpus and torch.cuda.is_available() else "cpu"
    shape, outputs = setup.data.input_shape, setup.data.num_outputs
    nets = (build_net(setup.space.build, value, shape, outputs) for value in values)
    return [measure_alone(net.to(device), shape) for net in nets]


def _test(setup: TrialSetup, trial_id: str, value: Any) -> dict[str, float]:
    torch.set_num_threads(setup.threads)
    return test_trial(setup, trial_id, value)
