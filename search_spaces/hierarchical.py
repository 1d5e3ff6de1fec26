"""Hierarchical cells: motifs of motifs, on three levels.

Liu 2018 (https://arxiv.org/abs/1711.00436). Level 1 are six operations: nor_conv_1x1, dw_conv_3x3,
dw_sep_conv_3x3, max_pool_3x3, avg_pool_3x3 and skip_connect. Level 2 are six motifs of four places
each, whose six edges carry operations of level 1 or none. Level 3 is the cell: five places, whose
ten edges carry motifs of level 2 or none. About 7.5e38 architectures.

We differ: places sum what they read (the paper concatenates, which a 1x1 convolution turns into a
sum), a motif has its own weights wherever it stands, and convolutions are ReLU, convolution, batch
normalisation in this order. The net has three stages of one cell (`build(..., cells=2)`: of two)
with 16, 32 and 64 channels; a separable convolution of stride 2 lies between them. Works for any
image, down to 1x1.
"""

from raynas.nets import build_motif_cells as build
from raynas.space import Cell, Record

__all__ = ["build", "space"]

OPS = [
    "none",
    "nor_conv_1x1",
    "dw_conv_3x3",
    "dw_sep_conv_3x3",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
]
MOTIFS = [f"motif_{i}" for i in range(1, 7)]

space = Record(
    motifs={name: Cell(OPS, 3) for name in MOTIFS},
    cell=Cell(["none", *MOTIFS], 4),
)
