"""Nets of one-input cells: stages of equal cells, a reduction between them."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from raynas.nets.cells.cell_ops import build_cell_op, conv_unit
from raynas.nets.cells.wired_cell import WiredCell, motif_on_edge
from raynas.nets.layers import BatchNorm, Shape, image_shape
from raynas.space.cells import used_inputs, without_ops

STAGES = 3


class ResidualReduction(nn.Module):
    """A residual block that halves the map and doubles the channels (as in NAS-Bench-201).

    Its shortcut averages 2x2 values; at the border of an odd map, those that there are.
    """

    def __init__(self, channels: int) -> None:
        """Take the channels that come in."""
        super().__init__()
        self.body = nn.Sequential(
            conv_unit(channels, 2 * channels, 3, 2), conv_unit(2 * channels, 2 * channels, 3)
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, 2, ceil_mode=True), nn.Conv2d(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Halve `inputs` of shape (batch, channels, height, width), rounding up."""
        halved: Tensor = self.body(inputs) + self.shortcut(inputs)
        return halved


def build_staged_cells(
    value: Mapping[str, Any],
    input_shape: Shape,
    num_outputs: int,
    *,
    channels: int = 16,
    cells: int = 5,
) -> nn.Module:
    """Build the net of NAS-Bench-201 for `{"cell": …}`: `cells` in each of three stages.

    Operations that cannot reach the output exist, as the benchmark counts them, but are never run.

    Raises:
        ValueError: the data are not images, or the cell is not valid.
    """

    def cell(width: int) -> WiredCell:
        return WiredCell(_one_input(value["cell"]), width, keep_dead=True)

    return _staged(cell, ResidualReduction, input_shape, num_outputs, channels, cells)


def build_motif_cells(
    value: Mapping[str, Any],
    input_shape: Shape,
    num_outputs: int,
    *,
    channels: int = 16,
    cells: int = 1,
) -> nn.Module:
    """Build `{"motifs": {name: cell}, "cell": cell}`: an operation may be the name of a motif.

    Each place that names a motif gets weights of its own. After each of the first two of three
    stages a separable convolution halves the map, and a 1x1 convolution doubles the channels.

    Raises:
        ValueError: the data are not images, or a cell is not valid.
    """
    motifs = value["motifs"]
    empty = {name for name, motif in motifs.items() if not used_inputs(motif)}
    wired = without_ops(_one_input(value["cell"]), empty)

    def reduction(width: int) -> nn.Module:
        return nn.Sequential(
            build_cell_op("dw_sep_conv_3x3", width, 2), conv_unit(width, 2 * width, 1)
        )

    def cell(width: int) -> WiredCell:
        return WiredCell(wired, width, make_op=motif_on_edge(motifs))

    return _staged(cell, reduction, input_shape, num_outputs, channels, cells)


def _staged(
    cell: Callable[[int], WiredCell],
    reduction: Callable[[int], nn.Module],
    input_shape: Shape,
    num_outputs: int,
    channels: int,
    cells: int,
) -> nn.Module:
    """Build stem, stages and head; `cell` and `reduction` take the channels that come in."""
    stem = nn.Conv2d(image_shape("a net of cells", input_shape)[0], channels, 3, 1, 1, bias=False)
    modules: list[nn.Module] = [stem, BatchNorm(channels)]
    for stage in range(STAGES):
        width = channels << stage
        if stage:
            modules.append(reduction(width // 2))
        modules += [cell(width) for _ in range(cells)]
    head = [BatchNorm(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*modules, *head, nn.Linear(width, num_outputs))


def _one_input(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check that a cell fits a chain of cells."""
    if cell["inputs"] != 1 or len(cell["output"]) != 1:
        raise ValueError(
            "cells in stages need one input and one output place, "
            f"got {cell['inputs']} and {len(cell['output'])}"
        )
    return cell
