"""Spaces that can be relaxed, small, and their supernets."""

import torch

from raynas.nets import Supernet
from raynas.space import load_space_source

IMAGE = (2, 9, 7)
CLASSES = 3

SMALL = {
    "nasbench201": """
from raynas.nets import build_staged_cells
from raynas.space import load_space
space = load_space("nasbench201").space
def build(value, input_shape, num_outputs):
    return build_staged_cells(value, input_shape, num_outputs, channels=4, cells=1)
""",
    "darts_cell": """
from raynas.nets import build_stacked_cells
from raynas.space import load_space
space = load_space("darts_cell").space
def build(value, input_shape, num_outputs):
    return build_stacked_cells(value, input_shape, num_outputs, channels=4, cells=3)
""",
    "chain_cnn": """
from raynas.nets import build_chain_cnn as build
from raynas.space import Choice, Record, Repeat, load_space
fields = dict(load_space("chain_cnn").space.fields)
conv, max_pool = fields["features"].item.nodes
conv = Record({**conv.fields, "filters": Choice([2, 4, 6], ordered=True)})
layer = Choice({"conv": conv, "max_pool": max_pool})
dense = Record({**fields["classifier"].item.fields, "units": Choice([3, 5], ordered=True)})
space = Record(features=Repeat(layer, 1, 3), classifier=Repeat(dense, 0, 2))
""",
    "mlp": """
from raynas.nets import build_mlp as build
from raynas.space import load_space
space = load_space("mlp").space
""",
    "pairs": """
from raynas.nets import build_stacked_cells
from raynas.space import Cell, Record
ops = ["none", "skip_connect", "conv_1x3_3x1", "max_pool_3x3"]
space = Record(cell=Cell(ops, 2, inputs=2, edges=2, distinct=False, output="all", strided=True))
def build(value, input_shape, num_outputs):
    return build_stacked_cells(value, input_shape, num_outputs, channels=4, cells=3)
""",
}

CELLS = ["nasbench201", "darts_cell", "pairs"]


def build(name, **options):
    torch.manual_seed(0)
    return Supernet(load_space_source(SMALL[name], name), IMAGE, CLASSES, **options)


def randomise(supernet, seed=0):
    torch.manual_seed(seed)
    for alphas in supernet.alpha_parameters():
        torch.nn.init.normal_(alphas)


def batch():
    images = torch.randn(4, *IMAGE, generator=torch.Generator().manual_seed(1))
    return images, torch.tensor([0, 1, 2, 0])
