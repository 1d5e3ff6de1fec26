"""The cells of NASNet: a normal and a reduction cell of five blocks.

Zoph 2018 (https://arxiv.org/abs/1707.07012). A block sums two operations, each on any of the two
cells before or of the earlier blocks; the thirteen operations of the paper: skip_connect,
conv_1x3_3x1, conv_1x7_7x1, dil_conv_3x3, avg_pool_3x3, max_pool_3x3, max_pool_5x5, max_pool_7x7,
nor_conv_1x1, nor_conv_3x3, sep_conv_3x3, sep_conv_5x5 and sep_conv_7x7. The output is the
concatenation of the blocks that no other block reads. About 5.1e33 architectures.

We differ: a block always sums (the paper may also concatenate; none of its three cells does), and
a cell input that no block reads does not go to the output. The net is a stack of cells as in
`darts_cell`, with 16 channels and 8 cells unless `build` is told otherwise. Works for any image,
down to 1x1.
"""

from raynas.nets import build_stacked_cells as build
from raynas.space import Cell, Record

__all__ = ["build", "space"]

OPS = [
    "skip_connect",
    "conv_1x3_3x1",
    "conv_1x7_7x1",
    "dil_conv_3x3",
    "avg_pool_3x3",
    "max_pool_3x3",
    "max_pool_5x5",
    "max_pool_7x7",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
]

space = Record(
    normal=Cell(OPS, 5, inputs=2, edges=2, distinct=False, output="unused"),
    reduction=Cell(OPS, 5, inputs=2, edges=2, distinct=False, output="unused", strided=True),
)
