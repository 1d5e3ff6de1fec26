"""Post-training quantisation to 8 bits, by onnxruntime, calibrated on training data."""

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import Tensor


def quantize(model: bytes, batches: Iterable[tuple[Tensor, Tensor]]) -> bytes:
    """Return an ONNX model whose weights and activations are int8, a scale for each channel.

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
        given, ready, made = (Path(scratch) / f"{step}.onnx" for step in ("given", "ready", "made"))
        given.write_bytes(model)
        quant_pre_process(str(given), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready),
            str(made),
            Calibration(),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
        )
        return made.read_bytes()
