"""What raynas uses of PyTorch that PyTorch keeps private or documents nowhere; no other module may.

tests/test_private_names.py fails where PyTorch has moved one.
"""

from typing import Any

import torch

TRACES = ("stack_trace", "from_node", "torch_fn", "source_fn_stack")
"""What a program's nodes say of where they come from: lines of source code, and much of it.

Instead: an option of `torch.export.save` that leaves them out, when there is one.
"""


def quantized_operations() -> dict[Any, Any]:
    """Return how PyTorch's own operations do what torchao's quantised graphs have, by operation.

    Instead: torchao's decompositions, when it publishes them.
    """
    from torch.ao.quantization.fx import _decomposed as reference

    quantized = torch.ops.quantized_decomposed
    return {
        quantized.quantize_per_tensor.default: reference.quantize_per_tensor,
        quantized.dequantize_per_tensor.default: reference.dequantize_per_tensor,
        quantized.dequantize_per_channel.default: reference.dequantize_per_channel,
    }
