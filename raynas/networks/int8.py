"""Post-training quantisation to 8 bits, by onnxruntime or torchao, calibrated on training data."""

import platform
import tempfile
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from raynas.networks.formats import capture, quiet, save
from raynas.networks.torch_private import quantized_operations

Batches = Iterable[tuple[Tensor, Tensor]]


def processor() -> str:
    """Say what this process computes on, as far as the system tells."""
    with suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@torch.no_grad()
def quantize_torch(network: nn.Module, inputs: Tensor, batches: Batches) -> bytes:
    """Return a `torch.export` program whose weights and activations are rounded to 8 bits.

    Static quantisation of the exported graph, by torchao: weights are stored as int8 with a scale
    for each channel. It is then written in torch's own operations, so that torch alone runs it; it
    computes in floats, and is smaller but not faster.
    """
    with quiet():
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
        from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

        quantizer = x86.X86InductorQuantizer()
        quantizer.set_global(x86.get_default_x86_inductor_quantization_config())
        prepared = prepare_pt2e(capture(network, inputs).module(), quantizer)
        for batch, _ in batches:
            prepared(batch)
        converted = convert_pt2e(prepared)
        _drop_unused(converted)
        return save(capture(converted, inputs).run_decompositions(quantized_operations()))


def _drop_unused(graph: torch.fx.GraphModule) -> None:
    """Take away the weights that their rounded versions have replaced."""
    used = {node.target for node in graph.graph.nodes if node.op == "get_attr"}
    for name in [name for name, _ in graph.named_parameters() if name not in used]:
        owner, _, attribute = name.rpartition(".")
        delattr(graph.get_submodule(owner), attribute)


def quantize_onnx(model: bytes, batches: Batches) -> bytes:
    """Return an ONNX model whose weights and activations are int8, a scale for each channel.

    The weights use 7 of their 8 bits. x86 processors without VNNI add pairs of products of 8 bits
    in 16, where two large ones do not fit: the same model would then be right on one machine and
    wrong on the next (onnxruntime, "Quantize ONNX models", the question on `reduce_range`).
    `batches` of (inputs, labels) are what the ranges of the activations are measured on; the labels
    are not used.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self._left, None)
            return None if batch is None else {"inputs": batch[0].numpy()}

    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source, ready, made = (
            Path(scratch) / f"{step}.onnx" for step in ("given", "ready", "made")
        )
        source.write_bytes(model)
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready),
            str(made),
            Calibration(),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        return made.read_bytes()
