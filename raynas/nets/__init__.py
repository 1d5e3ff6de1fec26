"""From an architecture (plain data) to a `torch.nn.Module`, and what that net costs."""

from raynas.nets.chain import build_chain_cnn, build_mlp
from raynas.nets.cost import count_macs, count_parameters
from raynas.nets.ops import ACTIVATIONS, OPS, build_op

__all__ = [
    "ACTIVATIONS",
    "OPS",
    "build_chain_cnn",
    "build_mlp",
    "build_op",
    "count_macs",
    "count_parameters",
]
