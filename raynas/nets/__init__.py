"""From an architecture (plain data) to a `torch.nn.Module`, and what that net costs."""

from raynas.nets.building import Build, build_net
from raynas.nets.cells.cell_ops import CELL_OPS, build_cell_op
from raynas.nets.cells.stacked import CellStack, build_stacked_cells
from raynas.nets.cells.staged import build_motif_cells, build_staged_cells
from raynas.nets.cells.wired_cell import Edge, EdgeFactory, WiredCell
from raynas.nets.chains.chain import build_chain_cnn, build_mlp
from raynas.nets.chains.chain_ops import ACTIVATIONS, OPS, build_op
from raynas.nets.chains.skips import build_skip_cnn
from raynas.nets.cost import Latency, count_parameters, measure_alone, measure_latency
from raynas.nets.layout import put_channels_last
from raynas.nets.macs import MacCount, count_macs, measure_macs, uncounted_warning
from raynas.nets.network import Network, normalize
from raynas.nets.supernet.supernet import Supernet

__all__ = [
    "ACTIVATIONS",
    "CELL_OPS",
    "OPS",
    "Build",
    "CellStack",
    "Edge",
    "EdgeFactory",
    "Latency",
    "MacCount",
    "Network",
    "Supernet",
    "WiredCell",
    "build_cell_op",
    "build_chain_cnn",
    "build_mlp",
    "build_motif_cells",
    "build_net",
    "build_op",
    "build_skip_cnn",
    "build_stacked_cells",
    "build_staged_cells",
    "count_macs",
    "count_parameters",
    "measure_alone",
    "measure_latency",
    "measure_macs",
    "normalize",
    "put_channels_last",
    "uncounted_warning",
]
