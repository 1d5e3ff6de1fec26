"""The cells of DARTS: a normal and a reduction cell of four nodes.

Liu 2019 (https://arxiv.org/abs/1806.09055). A cell has two inputs, the two cells before it, and
four nodes; each node sums an operation on each of two different earlier places: max_pool_3x3,
avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3 or dil_conv_5x5; the output is
the concatenation of the four. About 1.1e18 architectures.

The net is that of DARTS: a 3x3 convolution to three times the channels, a stack of cells of which
those after one and two thirds are reductions (stride 2, twice the channels), global average
pooling, one linear layer; no auxiliary head. It is built small for a search, 16 channels and 8
cells; `build(..., channels=36, cells=20)` is the one that the paper trains in the end. Works for
any image, down to 1x1. `DARTS_V2` is the best architecture of the paper.
"""

from raynas.nets import build_stacked_cells as build
from raynas.space import Cell, Record

__all__ = ["DARTS_V2", "build", "space"]

OPS = [
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
]

space = Record(
    normal=Cell(OPS, 4, inputs=2, edges=2, output="all"),
    reduction=Cell(OPS, 4, inputs=2, edges=2, output="all", strided=True),
)


def _edges(*edges):
    return [{"input": place, "op": op} for place, op in edges]


DARTS_V2 = {
    "normal": {
        "inputs": 2,
        "nodes": [
            _edges((0, "sep_conv_3x3"), (1, "sep_conv_3x3")),
            _edges((0, "sep_conv_3x3"), (1, "sep_conv_3x3")),
            _edges((0, "skip_connect"), (1, "sep_conv_3x3")),
            _edges((0, "skip_connect"), (2, "dil_conv_3x3")),
        ],
        "output": [2, 3, 4, 5],
    },
    "reduction": {
        "inputs": 2,
        "nodes": [
            _edges((0, "max_pool_3x3"), (1, "max_pool_3x3")),
            _edges((1, "max_pool_3x3"), (2, "skip_connect")),
            _edges((0, "max_pool_3x3"), (2, "skip_connect")),
            _edges((1, "max_pool_3x3"), (2, "skip_connect")),
        ],
        "output": [2, 3, 4, 5],
        "strided": True,
    },
}
"""The value of the architecture that the second-order search of the paper found (3.3 M weights)."""
