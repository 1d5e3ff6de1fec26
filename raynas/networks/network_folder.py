"""A network in a folder of its own: how it is written, and `load`.

Such a folder is `best/` of a run, of a retraining, or an export. `architecture.json` says what was
built and how good it is, `weights.safetensors` has its weights and `space.py` builds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath

from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from raynas.data import DataSource
from raynas.nets import Network, build_net
from raynas.networks.model_card import model_card
from raynas.options.run_options import RunOptions
from raynas.options.training_options import TrainingOptions
from raynas.runs.certainty import ValidationCount
from raynas.runs.found_network import FoundNetwork
from raynas.runs.integrity.signature import read_code, sign
from raynas.runs.run_folder import BEST
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial
from raynas.runs.user_code import MODULES, SPACE, install_modules
from raynas.space import describe, load_space_source

WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class NetworkParts:
    """All that a network's folder holds."""

    facts: FoundNetwork
    weights: bytes
    source: str
    """The text of its space file."""
    modules: bytes = b""
    """The user's modules that this imports, zipped."""


def found_network(
    config: RunOptions,
    trial: Trial,
    data: DataSource,
    training: TrainingOptions,
    space: str,
    *,
    trials: int,
    test: dict[str, float] | None,
    validation: ValidationCount | None = None,
) -> FoundNetwork:
    """Say what a trial of a run has found, of so many; `test`: None where it was not measured."""
    value = trial.architecture.value
    return FoundNetwork(
        run=config.name,
        trial_id=trial.trial_id,
        number=trial.number,
        trials=trials,
        space=space,
        strategy=config.strategy,
        metric=config.metric,
        seed=config.seed,
        architecture_id=trial.architecture.id,
        architecture=value,
        picks=trial.architecture.picks,
        description=describe(value),
        metrics=trial.metrics,
        test=test,
        training=training.overridden_by(value).model_dump(),
        data=config.data,
        data_summary=data.summary(),
        input_shape=data.input_shape,
        label_names=list(data.label_names),
        preparation=data.preparation,
        validation=validation,
    )


def pack_weights(weights: Mapping[str, Tensor]) -> bytes:
    """Write weights as safetensors; those that several layers share are written for each."""
    return write_tensors(
        {name: weight.detach().cpu().clone().contiguous() for name, weight in weights.items()}
    )


def write_network(folder: Folder, parts: NetworkParts) -> None:
    """Write a network's folder."""
    folder.make()
    if parts.modules:
        folder.write(MODULES, parts.modules)
    folder.write(WEIGHTS, parts.weights)
    folder.write(SPACE, parts.source.encode())
    sign(folder)
    write_found(folder, parts.facts)


def write_found(folder: Folder, network: FoundNetwork) -> None:
    """Write, or write anew, what a network's folder says of it."""
    folder.write("README.md", model_card(network, folder.uri).encode())
    folder.write(BEST, network.to_json())


def load(path: str | PathLike[str], *, trust: bool = False) -> Network:
    """Load a network, in eval mode; it takes inputs as the data set has them.

    `path` is a run folder (then it is the best of the search), a retrained one, `best/` of one of
    these, or an exported folder; local or a URI. Loading executes the `space.py` that lies there:
    of a folder that this account has not made, only with `trust`.

        net = raynas.load("runs/NAME")
        net.predict(image)   # the name of a class
        net(inputs)          # logits of a batch, shape (batch, *net.input_shape)

    Raises:
        ValueError: there is no network at `path`, it is damaged, or its code is not this account's.
    """
    folder = open_folder(fspath(path))
    if folder.exists("run.yaml"):
        folder = folder / "best"
    if not folder.exists(BEST):
        raise ValueError(
            f"{folder.uri} holds no network; expected a run that has ended, like runs/NAME, its "
            "best/, or what `raynas export` made"
        )
    parts = read_network(folder, trust=trust)
    install_modules(parts.modules)
    return build_network(parts)


def read_network(folder: Folder, *, trust: bool) -> NetworkParts:
    """Read a network's folder, to build what is in it.

    Raises:
        ValueError: what it says of the network is broken, weights or code are missing, or its code
            is not this account's and not to be trusted.
    """
    facts = FoundNetwork.read(folder.read(BEST), folder.uri_of(BEST))
    code = read_code(folder, trust=trust)
    try:
        weights = folder.read(WEIGHTS)
        read_tensors(weights)
    except (OSError, SafetensorError) as error:
        text = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
        raise ValueError(
            f"{folder.uri_of(WEIGHTS)} {text}; put back a copy of it, or train trial "
            f"{facts.number} again: raynas retrain"
        ) from error
    return NetworkParts(facts, weights, code.source, code.modules)


def build_network(parts: NetworkParts) -> Network:
    """Build the network of a folder from its parts, in eval mode."""
    facts = parts.facts
    build = load_space_source(parts.source, "space").build
    net = build_net(build, facts.architecture, facts.input_shape, len(facts.label_names))
    network = Network(net, facts.input_shape, facts.label_names, facts.preparation)
    try:
        network.load_weights(read_tensors(parts.weights))
    except (RuntimeError, KeyError) as error:
        text = " ".join(str(error).split())[:200]
        raise ValueError(
            f"the weights do not fit the network of trial {facts.number} ({text}); put back a copy "
            "of them, or train it again: raynas retrain"
        ) from error
    return network.eval()
