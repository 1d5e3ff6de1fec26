"""Nets of two-input cells: each reads the two before it (Zoph 2018, PNAS, DARTS)."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from raynas.nets.cells.cell_ops import FactorizedReduce, conv_unit
from raynas.nets.cells.wired_cell import WiredCell
from raynas.nets.layers import BatchNorm, Shape, image_shape
from raynas.space.cells import used_inputs
from raynas.space.relaxation import mixtures

STEM_MULTIPLIER = 3
"""The stem has three times the channels of the first cells (Liu 2019)."""


class StackedCell(nn.Module):
    """A cell with what brings the outputs of the two cells before it to its channels."""

    def __init__(self, prepare: Mapping[int, nn.Module], cell: WiredCell) -> None:
        """Take one module for each input that the cell needs."""
        super().__init__()
        self.prepare = nn.ModuleDict({str(i): module for i, module in prepare.items()})
        self.cell = cell

    def forward(self, *maps: Tensor | None) -> Tensor:
        """Run over the maps of shape (batch, channels, height, width) before this cell."""
        names = (str(i) for i in range(len(maps)))
        ready = [
            self.prepare[name](map_in) if name in self.prepare else None
            for name, map_in in zip(names, maps, strict=True)
        ]
        result: Tensor = self.cell(*ready)
        return result


class CellStack(nn.Module):
    """Stem, a stack of cells, global average pooling, a linear layer: the net of DARTS.

    Each cell brings its two inputs to its own number of channels by a 1x1 convolution; where a
    reduction lies between them, the first by a factorized one. The cells after one and after two
    thirds are reductions: they have stride 2 and double the channels. A cell that no later one
    reads is not built.

    In a relaxed value the normalisations of the cells learn no factors (Liu 2019).
    """

    def __init__(
        self,
        value: Mapping[str, Any],
        input_shape: Shape,
        num_outputs: int,
        *,
        channels: int = 16,
        cells: int = 8,
    ) -> None:
        """Wire `{"normal": cell, "reduction": cell}`, or `{"cell": cell}` used for both.

        Raises:
            ValueError: the data are not images, or a cell is not valid.
        """
        super().__init__()
        depth, width = image_shape("a net of cells", input_shape)[0], STEM_MULTIPLIER * channels
        self.stem = nn.Sequential(nn.Conv2d(depth, width, 3, 1, 1, bias=False), BatchNorm(width))
        reductions = {cells // 3, 2 * cells // 3}
        normal, reduction = ("cell", "cell") if "cell" in value else ("normal", "reduction")
        kinds = [reduction if i in reductions else normal for i in range(cells)]
        affine = next(mixtures(value), None) is None
        needs = [_needs(value[kind], kind) for kind in kinds]
        self.read = _read_cells(needs)
        self.cells = nn.ModuleDict()
        widths = [width, width]
        for i, kind in enumerate(kinds):
            channels *= 1 + (i in reductions)
            if i in self.read:
                prepare = {
                    j: FactorizedReduce(widths[j], channels, affine=affine)
                    if j == 0 and i - 1 in reductions
                    else conv_unit(widths[j], channels, 1, affine=affine)
                    for j in sorted(needs[i])
                }
                stride = 1 + (i in reductions)
                cell = WiredCell(value[kind], channels, stride=stride, path=kind)
                self.cells[str(i)] = StackedCell(prepare, cell)
            widths = [widths[1], channels * len(value[kind]["output"])]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(widths[1], num_outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Return one value an output for `images` of shape (batch, channels, height, width)."""
        before = last = self.stem(images)
        for i in range(max(self.read, default=-1) + 1):
            result = self.cells[str(i)](before, last) if i in self.read else None
            before, last = last, result
        outputs: Tensor = self.head(self.pool(last).flatten(1))
        return outputs


def build_stacked_cells(
    value: Mapping[str, Any],
    input_shape: Shape,
    num_outputs: int,
    *,
    channels: int = 16,
    cells: int = 8,
) -> nn.Module:
    """Build a stack of cells (see `CellStack`) for images, down to 1x1.

    Raises:
        ValueError: the data are not images, or a cell is not valid.
    """
    return CellStack(value, input_shape, num_outputs, channels=channels, cells=cells)


def _needs(cell: Mapping[str, Any], kind: str) -> set[int]:
    """Return which inputs a cell reads; one that computes nothing takes its shape from the last."""
    if cell["inputs"] != 2:
        raise ValueError(f"{kind}: stacked cells need two inputs, got {cell['inputs']}")
    return used_inputs(cell) or {1}


def _read_cells(needs: Sequence[set[int]]) -> set[int]:
    """Return the cells that the last one depends on, itself included; cell i reads i-2 and i-1."""
    read = {len(needs) - 1} if needs else set()
    for i in reversed(range(len(needs))):
        if i in read:
            read |= {i - 2 + j for j in needs[i] if i - 2 + j >= 0}
    return read
