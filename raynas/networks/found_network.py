"""A network in a folder of its own: how it is written, and `load`.

Such a folder is `best/` of a run, of a retraining, or an export. `architecture.json` says what was
built and how good it is, `weights.safetensors` has its weights and `space.py` builds it.
"""

import json
from collections.abc import Mapping
from typing import Any

from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from raynas.data import DataSource
from raynas.nets import Network
from raynas.networks.model_card import model_card
from raynas.options.run_options import RunOptions
from raynas.options.training_options import TrainingConfig
from raynas.runs.run_folder import BEST
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial
from raynas.runs.user_code import MODULES, install_modules
from raynas.space import describe, load_space_source

WEIGHTS = "weights.safetensors"
SPACE = "space.py"


def found_network(
    config: RunOptions,
    trial: Trial,
    data: DataSource,
    training: TrainingConfig,
    space: str,
    *,
    test: dict[str, float] | None,
) -> dict[str, Any]:
    """Return what `architecture.json` says: JSON data; `test` is None where it was not measured."""
    value = trial.architecture.value
    return {
        "run": config.name,
        "trial_id": trial.trial_id,
        "number": trial.number,
        "trials": config.trials,
        "space": space,
        "strategy": config.strategy,
        "metric": config.metric,
        "seed": config.seed,
        "architecture_id": trial.architecture.id,
        "architecture": value,
        "picks": trial.architecture.picks,
        "description": describe(value),
        "metrics": trial.metrics,
        "test": test,
        "training": training.overridden_by(value).model_dump(),
        "data": config.data,
        "data_summary": data.summary(),
        "input_shape": data.input_shape,
        "label_names": list(data.label_names),
    }


def pack_weights(weights: Mapping[str, Tensor]) -> bytes:
    """Write weights as safetensors; those that several layers share are written for each."""
    return write_tensors(
        {name: own.detach().cpu().clone().contiguous() for name, own in weights.items()}
    )


def write_network(
    folder: Folder, found: dict[str, Any], weights: bytes, source: str, modules: bytes
) -> None:
    """Write a network's folder; `source` is its space file's text, `modules` what that imports."""
    folder.make()
    if modules:
        folder.write(MODULES, modules)
    folder.write(WEIGHTS, weights)
    folder.write(SPACE, source.encode())
    write_found(folder, found)


def write_found(folder: Folder, found: dict[str, Any]) -> None:
    """Write, or write anew, what a network's folder says of it."""
    folder.write("README.md", model_card(found, folder.uri).encode())
    folder.write(BEST, json.dumps(found, indent=2).encode())


def load(path: str) -> Network:
    """Load a network, in eval mode; it takes inputs as the data set has them.

    `path` is a run folder (then it is the best of the search), a retrained one, `best/` of one of
    these, or an exported folder; local or a URI. Loading executes the `space.py` that lies there.

        net = raynas.load("runs/NAME")
        net.predict(image)   # the name of a class
        net(inputs)          # logits of a batch, shape (batch, *net.input_shape)

    Raises:
        ValueError: there is no network at `path`.
    """
    folder = open_folder(path)
    if folder.exists("run.yaml"):
        folder = folder / "best"
    try:
        parts = read_network(folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(
            f"{path} holds no network; expected a run that has ended, like runs/NAME, its best/, "
            "or what `raynas export` made"
        ) from error
    if folder.exists(MODULES):
        install_modules(folder.read(MODULES))
    return build_network(*parts)


def read_network(folder: Folder) -> tuple[dict[str, Any], str, bytes]:
    """Return what a network's folder says of it, the text of its space file, and its weights.

    Raises:
        FileNotFoundError: it holds none.
    """
    found = json.loads(folder.read(BEST))
    return found, folder.read(SPACE).decode(), folder.read(WEIGHTS)


def build_network(found: dict[str, Any], source: str, weights: bytes) -> Network:
    """Build the network of a folder from its parts, in eval mode."""
    build = load_space_source(source, "space").build
    shape, label_names = tuple(found["input_shape"]), found["label_names"]
    network = Network(build(found["architecture"], shape, len(label_names)), shape, label_names)
    network.load_weights(read_tensors(weights))
    return network.eval()
