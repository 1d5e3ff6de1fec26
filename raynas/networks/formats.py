"""A network as a program that runs without raynas: what is written, and how it is run again."""

import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from raynas.nets import Network
from raynas.networks.torch_private import TRACES
from raynas.runs.endings import RunFailed

TOLERANCE = 1e-4
"""The largest difference (see `difference`) at which a program counts as the network."""

Outputs = Callable[[Tensor], Tensor]
"""Runs a program: raw inputs, shape (batch, …), to its outputs (batch, classes)."""


class ExportFailed(RunFailed):
    """The network cannot be written in a format, or what was written does not agree with it."""


@dataclass(frozen=True)
class Format:
    """A kind of program: the name of its file, what writes its content, and what runs it."""

    file: str
    write: Callable[[Network, Tensor], bytes]
    open: Callable[[bytes], Outputs]


def write_torch(network: nn.Module, inputs: Tensor) -> bytes:
    """Return a `torch.export` program with a dynamic batch; `inputs` are two real ones or more.

    Raises:
        ExportFailed: torch cannot capture the network.
    """
    with quiet():
        return save(capture(network, inputs))


def save(program: torch.export.ExportedProgram) -> bytes:
    """Return the content of a program's file, without what tells of this machine's files."""
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            for name in TRACES:
                node.meta.pop(name, None)
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()


def open_torch(content: bytes) -> Outputs:
    """Load a `torch.export` program, as torch alone does it."""
    with quiet():
        module: Outputs = torch.export.load(io.BytesIO(content)).module()
    return module


def write_onnx(network: Network, inputs: Tensor) -> bytes:
    """Return an ONNX model with a dynamic batch; `inputs` are two real ones or more.

    Its input is called "inputs", its output "outputs".

    Raises:
        ExportFailed: torch cannot capture the network, or ONNX has no such operation.
    """
    with quiet(), tempfile.TemporaryDirectory() as scratch:
        captured = capture(network, inputs)
        try:
            program = torch.onnx.export(
                captured,
                dynamo=True,
                input_names=["inputs"],
                output_names=["outputs"],
                verbose=False,
            )
            if program is not None:  # it is None only where torch itself writes the file
                program.save(Path(scratch) / "network.onnx")
        except Exception as error:
            raise ExportFailed(f"the network cannot be written as ONNX: {_line(error)}") from error
        return (Path(scratch) / "network.onnx").read_bytes()


def open_onnx(content: bytes) -> Outputs:
    """Load an ONNX model, as onnxruntime alone does it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(inputs: Tensor) -> Tensor:
        (outputs,) = session.run(None, {"inputs": np.ascontiguousarray(inputs.numpy())})
        return torch.from_numpy(outputs)

    return run


FORMATS: dict[str, Format] = {
    "pytorch": Format("network.pt2", write_torch, open_torch),
    "onnx": Format("network.onnx", write_onnx, open_onnx),
}


@torch.no_grad()
def difference(network: Outputs, program: Outputs, batches: Iterable[Tensor]) -> float:
    """Return the largest difference of an output, relative to the largest output if that is > 1."""
    worst, largest = 0.0, 1.0
    for inputs in batches:
        expected = network(inputs)
        worst = max(worst, float((program(inputs) - expected).abs().max()))
        largest = max(largest, float(expected.abs().max()))
    return worst / largest


def capture(network: nn.Module, inputs: Tensor) -> torch.export.ExportedProgram:
    """Capture a network as a program with a dynamic batch; `inputs` are two real ones or more.

    Raises:
        ExportFailed: torch cannot.
    """
    batch = torch.export.Dim("batch")
    try:
        return torch.export.export(network, (inputs,), dynamic_shapes=({0: batch},))
    except Exception as error:
        raise ExportFailed(
            f"torch.export cannot capture the network: {_line(error)} "
            "(raynas.load gives it as it is)"
        ) from error


def _line(error: Exception) -> str:
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {text.strip()}"[:300]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of torch's exporters about their own insides."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exporter.setLevel(logging.ERROR)
        try:
            yield
        finally:
            exporter.setLevel(level)
