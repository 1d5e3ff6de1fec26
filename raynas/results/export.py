"""A found network as a program that runs without raynas, checked and with its card."""

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, replace
from shlex import quote

import torch
from torch import Tensor

from raynas.data import DataSource, load_data
from raynas.engine.best_network import trial_weights
from raynas.nets import Network
from raynas.networks.formats import FORMATS, TOLERANCE, ExportFailed, Outputs, difference
from raynas.networks.int8 import processor, quantize_onnx, quantize_torch
from raynas.networks.network_folder import (
    WEIGHTS,
    NetworkParts,
    build_network,
    found_network,
    read_network,
    write_network,
)
from raynas.options.command_options import ExportCall
from raynas.results.retrain import retrainings
from raynas.runs.files.plain_files import TEMPORARY
from raynas.runs.found_network import Exported, FoundNetwork, Quantized
from raynas.runs.integrity.signature import SIGNATURE, StoredCode, read_code
from raynas.runs.integrity.trial_folders import CHECKPOINT
from raynas.runs.ranking import ranked_trial
from raynas.runs.run_config import RunConfig
from raynas.runs.run_file import read_run_config, read_run_file
from raynas.runs.run_folder import BEST, CHECKPOINTS, RunFolder, open_run
from raynas.runs.storage import Folder, open_folder
from raynas.runs.trial import Trial
from raynas.runs.user_code import MODULES, SPACE, install_modules
from raynas.training import stored_batches

BATCHES = (1, 2, 7, 64)
"""Sizes of the batches of real inputs on which a program must agree with the network."""
CALIBRATION = 16
"""Batches of 64 training inputs on which the ranges of an int8 network are measured."""


@dataclass(frozen=True)
class Export:
    """What an export made: its folder, what it is of, and what was measured."""

    folder: Folder
    facts: FoundNetwork
    made: Exported


def export_run(path: str, call: ExportCall) -> Export:
    """Write the `rank`-th best network of a run as a program, and check that it is the same.

    Of a trial that has been retrained, the best of its retrained networks is taken. An export that
    is there already is replaced.

    Raises:
        ValueError: no such run, rank or weights; a package is missing; the output is not empty; the
            data set, which the check needs, cannot be read.
        ExportFailed: the network cannot be written so, or the program does not agree with it.
    """
    _check(call)
    run = open_run(path)
    config = read_run_config(run.folder)
    trial = ranked_trial(run, call.rank)
    default = run.folder / "exported" / f"{run.unit}-{trial.number:05d}-{call.format}"
    folder = open_folder(call.output) if call.output else default
    _check_free(folder)
    code = read_code(run.folder, trust=call.trust)
    install_modules(code.modules)
    data = load_data(config.data, options=config.data_options)
    parts, taken_from = _network(run, config, trial, data, code, call)
    network = build_network(parts)
    made = _write(folder, network, data, call.format, taken_from)
    if call.quantize:
        made = made.model_copy(update={"int8": _quantize(folder, network, data, call.format)})
    network_facts = parts.facts.but(exported=made)
    write_network(folder, replace(parts, facts=network_facts))
    return Export(folder, network_facts, made)


def summary(export: Export) -> list[str]:
    """Say in a few lines what was exported and how well it agrees."""
    made = export.made
    lines = [
        f"Exported {export.facts.description}",
        f"from      {made.taken_from}",
        f"to        {export.folder.uri_of(made.file)} ({made.bytes:,} bytes)",
        f"agrees    to {made.largest_difference:.1e} with the trained network, on validation "
        f"inputs in batches of {', '.join(map(str, made.checked_batches))}",
    ]
    if made.int8 is not None:
        int8 = made.int8
        lines.append(
            f"int8      {int8.file} ({int8.bytes:,} bytes): validation accuracy "
            f"{int8.val_accuracy:.4f}, before {int8.val_accuracy_before:.4f}"
        )
    return [*lines, f"how to use it: {export.folder.uri_of('README.md')}"]


def _check(call: ExportCall) -> None:
    format_, quantize = call.format, call.quantize
    for extra, wanted, needed in (
        ("onnx", format_ == "onnx", ("onnx", "onnxruntime", "onnxscript")),
        ("int8", format_ == "pytorch" and quantize, ("torchao",)),
    ):
        missing = [name for name in needed if importlib.util.find_spec(name) is None]
        if wanted and missing:
            raise ValueError(
                f"--format {format_}{' --quantize int8' if extra == 'int8' else ''} needs "
                f"{', '.join(missing)}: pip install 'raynas[{extra}]' (or, in a clone, pip install "
                f"'.[{extra}]')"
            )


def _check_free(folder: Folder) -> None:
    """Check that a folder holds nothing, or an export, or what one that was killed has left.

    Raises:
        ValueError: it holds something else.
    """
    names = [info.base_name for info in folder.list()] if folder.exists() else []
    programs = [file for kind in FORMATS.values() for file in (kind.file, _int8(kind.file))]
    ours = {*programs, WEIGHTS, SPACE, MODULES, SIGNATURE, "README.md"}
    if BEST not in names and not all(n in ours or n.endswith(TEMPORARY) for n in names):
        raise ValueError(f"output {folder.uri} is not empty and no export; choose another folder")


def _int8(file: str) -> str:
    """Return what the file of a program in 8 bits is called."""
    name, _, suffix = file.rpartition(".")
    return f"{name}.int8.{suffix}"


def _network(
    run: RunFolder,
    config: RunConfig,
    trial: Trial,
    data: DataSource,
    code: StoredCode,
    call: ExportCall,
) -> tuple[NetworkParts, str]:
    """Return the parts of a trial's network, and where they were taken from."""
    for retrained in retrainings(run, trial.number)[:1]:
        parts = read_network(retrained.folder / "best", trust=call.trust)
        return replace(parts, modules=code.modules), retrained.folder.uri
    best = run.best()
    if best is not None and best.trial_id == trial.trial_id:
        return read_network(run.folder / "best", trust=call.trust), (run.folder / "best").uri
    checkpoints = run.folder / CHECKPOINTS
    if not checkpoints.exists(f"{trial.trial_id}/{CHECKPOINT}"):
        raise ValueError(
            f"the weights of trial {trial.number} were not kept (the run kept the best "
            f"{config.keep}); train it again with `raynas retrain`, of the same --rank"
        )
    network_facts = found_network(
        config,
        trial,
        data,
        config.training,
        config.space_name,
        trials=sum(1 for _ in run.trials()),
        test=None,
        validation=read_run_file(run.folder).validation,
    )
    try:
        weights = trial_weights(checkpoints, trial.trial_id)
    except Exception as error:  # whatever a damaged file makes of it
        raise ValueError(
            f"the weights of trial {trial.number} (rank {call.rank}) in "
            f"{checkpoints.uri_of(f'{trial.trial_id}/{CHECKPOINT}')} cannot be read "
            f"({type(error).__name__}); put back a copy, or train it again: raynas retrain "
            f"{quote(run.folder.uri)} --rank {call.rank}"
        ) from error
    parts = NetworkParts(network_facts, weights, code.source, code.modules)
    return parts, f"trial {trial.number}"


def _write(
    folder: Folder, network: Network, data: DataSource, format_: str, taken_from: str
) -> Exported:
    """Write the program and compare what is written with the network, on validation inputs."""
    chosen = FORMATS[format_]
    parts = [inputs for inputs, _ in stored_batches(data, "validation", limit=len(BATCHES))]
    inputs = torch.cat(parts)
    content = chosen.write(network, _two(inputs))
    worst = difference(network, chosen.open(content), (inputs[:size] for size in BATCHES))
    if not worst <= TOLERANCE:
        raise ExportFailed(
            f"the exported program does not agree with the network: its outputs differ by {worst:g}"
        )
    folder.make()
    folder.sweep()
    folder.delete(BEST)  # until all is written anew, it is no export
    folder.write(chosen.file, content)
    return Exported(
        taken_from=taken_from,
        format=format_,
        file=chosen.file,
        bytes=len(content),
        input_dtype=str(inputs.dtype).removeprefix("torch."),
        largest_difference=worst,
        checked_batches=[min(size, len(inputs)) for size in BATCHES],
    )


def _two(inputs: Tensor) -> Tensor:
    """Return two inputs: a batch of one would be taken for a constant."""
    return torch.cat([inputs, inputs])[:2]


@torch.no_grad()
def _quantize(folder: Folder, network: Network, data: DataSource, format_: str) -> Quantized:
    """Write the network in 8 bits beside the program; say how well both do on validation data."""
    chosen = FORMATS[format_]
    calibration = stored_batches(data, "train", limit=CALIBRATION)
    if format_ == "onnx":
        content = quantize_onnx(folder.read(chosen.file), calibration)
    else:
        inputs = next(inputs for inputs, _ in stored_batches(data, "validation", limit=1))
        content = quantize_torch(network, _two(inputs), calibration)
    file = _int8(chosen.file)
    folder.write(file, content)
    return Quantized(
        file=file,
        bytes=len(content),
        val_accuracy=_accuracy(chosen.open(content), stored_batches(data, "validation")),
        val_accuracy_before=_accuracy(network, stored_batches(data, "validation")),
        measured_on=processor(),
    )


def _accuracy(program: Outputs, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    right = total = 0
    for inputs, labels in batches:
        right += int((program(inputs).argmax(dim=1) == labels).sum())
        total += len(labels)
    return right / total
