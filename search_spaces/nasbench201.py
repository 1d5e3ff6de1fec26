"""The cells of NAS-Bench-201: four places, six edges, five operations.

Dong & Yang 2020 (https://arxiv.org/abs/2001.00326). A cell has one input and three nodes; every
node sums an operation on each earlier place: none, skip_connect, nor_conv_1x1, nor_conv_3x3 or
avg_pool_3x3; the last node is the output. 15,625 architectures.

The net is the benchmark's: a 3x3 convolution to 16 channels, three stages of five cells each with
16, 32 and 64 channels, a residual block of stride 2 between the stages, and one linear layer on
the averaged map. Its parameters are counted as the benchmark counts them, those of operations that
cannot reach the output included; such operations are never run. Works for any image, down to 1x1.
A smaller net, or one that is searched, too, takes a copy of this file: there, `build` calls
`build_staged_cells(value, input_shape, num_outputs, channels=8, cells=1)` (cells a stage), or ends
with `**value["net"]`, where the space has a field `net=Record(channels=Choice([8, 16]))`.

`key` gives the benchmark's own name of an architecture.
"""

from raynas.nets import build_staged_cells as build
from raynas.space import Architecture, Cell, Record

__all__ = ["build", "key", "space"]

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]

space = Record(cell=Cell(OPS, 3))


def key(architecture: Architecture) -> str:
    """Return the benchmark's string, as "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"."""
    return "+".join(
        "|" + "|".join(f"{edge['op']}~{edge['input']}" for edge in node) + "|"
        for node in architecture.value["cell"]["nodes"]
    )
