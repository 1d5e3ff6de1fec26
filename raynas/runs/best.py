"""What a search hands back: `best/`, the best network with its architecture and its test result."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import ray
import torch
from torch import nn

from raynas.runs.record import Trial
from raynas.runs.run import BEST, Run
from raynas.runs.storage import open_folder
from raynas.runs.trial import CHECKPOINT, Job
from raynas.space import LoadedSpace, describe, load_space_source
from raynas.training import Candidate, TrainingConfig, evaluate_test

_README = """\
# The best network of {name}

{description}

In Python, with raynas installed (any folder that this one is copied to will do):

    import raynas

    net = raynas.load("{folder}")   # a torch.nn.Module in eval mode
    outputs = net(inputs)           # inputs of shape (batch, {shape}), as they are in the data set

`outputs.argmax(dim=1)` numbers the classes {labels}.
`architecture.json` says what was built and how good it was, `weights.pt` is its state_dict and
`space.py` builds the network from the architecture.
"""


def write_best(run: Run, trial: Trial, job: Job, space: LoadedSpace) -> None:
    """Test the best trial's network and write `best/`; a test made before is not made again."""
    known = run.best()
    if known is not None and known["trial_id"] == trial.trial_id:
        if known["trials"] != run.config.trials:
            _write_found(run, {**known, "trials": run.config.trials})
        return
    config, data = run.config, job.data
    if config.gpus_per_trial:
        on_gpu = ray.remote(num_cpus=config.cpus_per_trial, num_gpus=config.gpus_per_trial)(_test)
        test, weights = ray.get(on_gpu.remote(job, trial.trial_id, trial.architecture.value))
    else:  # here, where all is loaded: a new worker takes seconds to start
        test, weights = _test(job, trial.trial_id, trial.architecture.value)
    folder = run.folder / "best"
    folder.make()
    description = describe(trial.architecture.value)
    found = {
        "run": config.name,
        "trial_id": trial.trial_id,
        "number": trial.number,
        "trials": config.trials,
        "architecture_id": trial.architecture.id,
        "architecture": trial.architecture.value,
        "picks": trial.architecture.picks,
        "description": description,
        "metrics": trial.metrics,
        "test": test,
        "data": config.data,
        "input_shape": data.input_shape,
        "label_names": list(data.label_names),
    }
    readme = _README.format(
        name=config.name,
        description=description,
        folder=folder.uri,
        shape=", ".join(map(str, data.input_shape)),
        labels=", ".join(data.label_names),
    )
    folder.write("weights.pt", weights)
    folder.write("space.py", space.source.encode())
    folder.write("README.md", readme.encode())
    _write_found(run, found)


def _write_found(run: Run, found: dict[str, Any]) -> None:
    (run.folder / "best").write(BEST, json.dumps(found, indent=2).encode())


def load(path: str) -> nn.Module:
    """Load the network of a `best/` folder, in eval mode; it takes inputs as the data set has them.

    Raises:
        ValueError: there is no network at `path`.
    """
    folder = open_folder(path)
    try:
        found = json.loads(folder.read(BEST))
        source, weights = folder.read("space.py").decode(), folder.read("weights.pt")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(
            f"{path} holds no network; expected a folder like runs/NAME/best"
        ) from error
    build = load_space_source(source, "space").build
    outputs = len(found["label_names"])
    net = build(found["architecture"], tuple(found["input_shape"]), outputs)
    candidate = Candidate(net, TrainingConfig(), num_outputs=outputs)
    state = torch.load(io.BytesIO(weights), weights_only=True)
    candidate.mean, candidate.std = state["mean"], state["std"]
    candidate.load_state_dict(state)
    return candidate.eval()


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
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return test, buffer.getvalue()
