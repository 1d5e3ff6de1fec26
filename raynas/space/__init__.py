"""What may be built: nodes, the walk, its pickers, encodings and space files.

A space is any callable of a picker. See `raynas.space.decision`.
"""

from raynas.space.architecture import Architecture
from raynas.space.canonical import canonical_id
from raynas.space.cells import Cell
from raynas.space.decision import Decision, Pick, Space, choose
from raynas.space.describe import describe
from raynas.space.encoding import Encoder
from raynas.space.files import LoadedSpace, bundled_spaces, load_space, load_space_source
from raynas.space.infeasible import Infeasible, until_legal
from raynas.space.nodes import Choice, Node, Record, Repeat, When
from raynas.space.stack import Stack
from raynas.space.walks import (
    crossover,
    decisions_of,
    enumerate_all,
    every_walk,
    first_of,
    mutate,
    neighbours,
    replay,
    sample,
    size,
    vary,
    walk,
)

__all__ = [
    "Architecture",
    "Cell",
    "Choice",
    "Decision",
    "Encoder",
    "Infeasible",
    "LoadedSpace",
    "Node",
    "Pick",
    "Record",
    "Repeat",
    "Space",
    "Stack",
    "When",
    "bundled_spaces",
    "canonical_id",
    "choose",
    "crossover",
    "decisions_of",
    "describe",
    "enumerate_all",
    "every_walk",
    "first_of",
    "load_space",
    "load_space_source",
    "mutate",
    "neighbours",
    "replay",
    "sample",
    "size",
    "until_legal",
    "vary",
    "walk",
]
