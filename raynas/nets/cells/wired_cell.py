"""The wiring of a cell: from its plain data to a module, in one place for every cell space."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from raynas.nets.cells.cell_ops import build_cell_op
from raynas.nets.cells.mixed_op import MixedOp, Place, dense, total
from raynas.space.cells import NONE, live_edges
from raynas.space.relaxation import is_mixture


@dataclass(frozen=True)
class Edge:
    """One edge to be built: where it is in the space, and what it carries.

    `path` is the decision's without its "/op", as "normal/nodes/2/0": node 2 and its first edge.
    `op` is a name in an architecture's cell, a mixture in a relaxed one.
    """

    path: str
    input: int
    op: Any
    channels: int
    stride: int


EdgeFactory = Callable[[Edge], nn.Module]
"""Makes the module on an edge; the wiring around it is the same for every factory."""


def op_on_edge(edge: Edge) -> nn.Module:
    """Make the operation that the edge names, or all of its mixture.

    Raises:
        ValueError: there is no such operation; the message starts with where it stands.
    """
    try:
        if is_mixture(edge.op):
            return MixedOp(edge.op, edge.channels, edge.stride)
        return build_cell_op(edge.op, edge.channels, edge.stride)
    except ValueError as error:
        raise ValueError(f"{edge.path}/{error}") from error


def motif_on_edge(motifs: Mapping[str, Any]) -> EdgeFactory:
    """Return a factory for edges whose operation may be the name of a motif, a one-input cell."""

    def make(edge: Edge) -> nn.Module:
        if edge.op not in motifs:
            return op_on_edge(edge)
        return WiredCell(
            motifs[edge.op],
            edge.channels,
            stride=edge.stride,
            path=f"motifs/{edge.op}",
            make_op=make,
        )

    return make


class WiredCell(nn.Module):
    """A cell of plain data (see `raynas.space.cells`) as a module over its inputs.

    All inputs and nodes have `channels` channels. Edges that cannot matter ("none", and what does
    not lie between an input and the output) are not built and cost nothing. With `keep_dead` the
    unused operations do exist as parameters, as NAS-Bench-201 counts them; they are never run and
    their gradient is zero. Edges from a cell input have the cell's `stride`; `path` is where the
    cell stands in its space.
    """

    def __init__(
        self,
        cell: Mapping[str, Any],
        channels: int,
        *,
        stride: int = 1,
        path: str = "cell",
        make_op: EdgeFactory = op_on_edge,
        keep_dead: bool = False,
    ) -> None:
        """Build the edges that matter, each with `make_op`."""
        super().__init__()
        self.stride = stride
        self.output: list[int] = cell["output"]
        self.wires: list[list[tuple[str, int]]] = []
        self.ops = nn.ModuleDict()
        self.dead = nn.ModuleList()
        self.mixed = any(is_mixture(edge["op"]) for node in cell["nodes"] for edge in node)
        for i, (node, live) in enumerate(zip(cell["nodes"], live_edges(cell), strict=True)):
            alive = {j for j, _ in live}
            self.wires.append([(f"{i}/{j}", edge["input"]) for j, edge in live])
            for j, edge in enumerate(node):
                if j in alive or (keep_dead and edge["op"] != NONE):
                    by = stride if edge["input"] < cell["inputs"] else 1
                    at = f"{path}/nodes/{i}/{j}"
                    module = make_op(Edge(at, edge["input"], edge["op"], channels, by))
                    if j in alive:
                        self.ops[f"{i}/{j}"] = module
                    elif next(module.parameters(), None) is not None:
                        self.dead.append(module)

    def forward(self, *inputs: Tensor | None) -> Tensor:
        """Run over one map of shape (batch, channels, height, width) an input.

        An input that nothing reads may be None. Of a cell that reads none the output is zeros, of
        the shape that the other inputs give it.
        """
        hold = Place if self.mixed else _as_it_is
        places = [hold(map_in) for map_in in inputs]
        values = list(inputs)
        for edges in self.wires:
            results = [self.ops[name](places[start]) for name, start in edges]
            terms = [term for term in results if term is not None]
            values.append(total(terms) if terms else None)
            if self.mixed and values[-1] is not None and values[-1].requires_grad:
                values[-1].register_hook(dense)  # type: ignore[no-untyped-call]  # torch has no type for it
            places.append(hold(values[-1]))
        outputs = [values[place] for place in self.output]
        like = next((o for o in outputs if o is not None and o.ndim), None)
        if like is None:
            map_in = next(i for i in inputs if i is not None)
            like = map_in[:, :, :: self.stride, :: self.stride]
        maps = [_map(output, like) for output in outputs]
        joined = torch.cat(maps, dim=1) if len(maps) > 1 else maps[0]
        return joined + self._nothing() if len(self.dead) and self.training else joined

    def _nothing(self) -> Tensor:
        """Return zero, with a zero gradient for every parameter that is not used."""
        return sum((p.sum() * 0 for p in self.dead.parameters()), torch.zeros(()))


def _as_it_is(value: Tensor | None) -> Tensor | None:
    return value


def _map(value: Tensor | None, like: Tensor) -> Tensor:
    """Return a place's map: zeros where nothing feeds the place (or the number that it is)."""
    if value is None:
        return like * 0
    return value if value.ndim else like * 0 + value
