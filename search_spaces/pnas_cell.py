"""The cells of progressive search: one cell of one to five blocks.

Liu 2018 (https://arxiv.org/abs/1712.00559). A block sums two operations, each on any of the two
cells before or of the earlier blocks: sep_conv_3x3, sep_conv_5x5, sep_conv_7x7, conv_1x7_7x1,
skip_connect, avg_pool_3x3, max_pool_3x3 or dil_conv_3x3. The output is the concatenation of all
blocks, as in PNASNet-5. About 5.6e14 architectures with five blocks, 256 with one; the two halves
of a block are told apart, as in the paper's count.

How many blocks there are is a growing decision: `pnas` starts with one. The net is a stack of
cells as in `darts_cell`; reductions are the same cell at stride 2, as in the paper. It is built
with 16 channels and 8 cells unless `build` is told otherwise (the paper searches with 24 channels
and two cells between reductions). Works for any image, down to 1x1.
"""

from raynas.nets import build_stacked_cells as build
from raynas.space import Cell, Record

__all__ = ["build", "space"]

OPS = [
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
    "conv_1x7_7x1",
    "skip_connect",
    "avg_pool_3x3",
    "max_pool_3x3",
    "dil_conv_3x3",
]

space = Record(
    cell=Cell(OPS, (1, 5), inputs=2, edges=2, distinct=False, output="all", strided=True)
)
