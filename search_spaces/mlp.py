"""Multi-layer perceptrons: one to four dense layers of 8 to 63 units.

Each layer has its own number of units and its own activation (relu, tanh, sigmoid or linear);
linear output units, one a class, follow. Takes feature vectors and images of any size, which are
flattened. About 2.5e9 architectures.
"""

from raynas.nets import build_mlp as build
from raynas.space import Choice, Record, Repeat

__all__ = ["build", "space"]

layer = Record(
    type="dense",
    units=Choice(list(range(8, 64)), ordered=True),
    activation=Choice(["relu", "tanh", "sigmoid", "linear"]),
)

space = Record(layers=Repeat(layer, 1, 4))
