"""The wiring, with operations that show what was wired: each multiplies by a number of its own."""

from itertools import islice

import pytest
import torch
from torch import nn

from raynas.nets import Edge, WiredCell, count_macs, count_parameters
from raynas.space import Cell, canonical_id, enumerate_all

C = 2


class Times(nn.Module):
    """Multiplies by a factor and, at stride 2, halves."""

    def __init__(self, factor, stride):
        super().__init__()
        self.factor, self.stride = factor, stride

    def forward(self, inputs):
        return inputs[:, :, :: self.stride, :: self.stride] * self.factor


def times(edge):
    return Times(int(edge.op), edge.stride)


def edges(*pairs):
    return [{"input": place, "op": op} for place, op in pairs]


def run(cell, *inputs, size=4, **options):
    maps = [None if i is None else torch.full((1, C, size, size), float(i)) for i in inputs]
    outputs = WiredCell(cell, C, make_op=times, **options)(*maps)
    return outputs[0, :, 0, 0].tolist(), tuple(outputs.shape)


def test_a_node_is_the_sum_of_its_edges_and_the_output_a_concatenation():
    nodes = [edges((0, "2"), (1, "3")), edges((1, "5"), (2, "7"))]
    cell = {"inputs": 2, "nodes": nodes, "output": [2, 3]}
    assert run(cell, 1, 10) == ([32, 32, 274, 274], (1, 4, 4, 4))
    assert run({**cell, "output": [3]}, 1, 10) == ([274, 274], (1, 2, 4, 4))


def test_only_edges_from_the_inputs_have_the_stride():
    cell = {"inputs": 1, "nodes": [edges((0, "2")), edges((0, "3"), (1, "5"))], "output": [2]}
    assert run(cell, 1, size=5, stride=2) == ([13, 13], (1, 2, 3, 3))


def test_what_cannot_matter_is_not_built():
    nodes = [
        edges((0, "none")),
        edges((1, "2"), (2, "3")),
        edges((0, "5")),
        edges((3, "7"), (0, "none")),
    ]
    cell = {"inputs": 2, "nodes": nodes, "output": [5]}
    assert list(WiredCell(cell, C, make_op=times).ops) == ["1/0", "3/0"]
    assert run(cell, None, 1) == ([14, 14], (1, 2, 4, 4))


@pytest.mark.parametrize(("stride", "side"), [(1, 5), (2, 3)])
def test_a_cell_without_any_path_is_zero(stride, side):
    cell = {"inputs": 1, "nodes": [edges((0, "none")), edges((1, "2"))], "output": [2]}
    assert run(cell, 7, size=5, stride=stride) == ([0, 0], (1, 2, side, side))
    both = {"inputs": 1, "nodes": [edges((0, "none")), edges((0, "2"))], "output": [1, 2]}
    assert run(both, 7, size=5, stride=stride) == ([0, 0, 14, 14], (1, 4, side, side))


def test_the_factory_is_told_where_an_edge_is():
    asked = []

    def make(edge):
        asked.append(edge)
        return nn.Identity()

    cell = {"inputs": 1, "nodes": [edges((0, "a")), edges((0, "b"), (1, "c"))], "output": [2]}
    WiredCell(cell, 8, stride=2, path="normal", make_op=make)
    assert asked == [
        Edge("normal/nodes/0/0", 0, "a", 8, 2),
        Edge("normal/nodes/1/0", 0, "b", 8, 2),
        Edge("normal/nodes/1/1", 1, "c", 8, 1),
    ]


def test_an_unknown_op_says_where_it_is():
    cell = {"inputs": 1, "nodes": [edges((0, "conv"))], "output": [1]}
    with pytest.raises(ValueError, match=r"^cell/nodes/0/0/op: expected one of .* got 'conv'"):
        WiredCell(cell, C)


def test_dead_operations_are_kept_on_request_at_no_cost():
    nodes = [edges((0, "nor_conv_3x3")), edges((0, "nor_conv_1x1"), (1, "none"))]
    cell = {"inputs": 1, "nodes": nodes, "output": [2]}
    plain, kept = WiredCell(cell, C), WiredCell(cell, C, keep_dead=True)
    assert count_parameters(plain) == C * C + 2 * C
    assert count_parameters(kept) == 10 * C * C + 4 * C
    assert count_macs(plain, (C, 4, 4)) == count_macs(kept, (C, 4, 4)) == C * C * 16
    kept(torch.randn(2, C, 4, 4)).sum().backward()
    assert all(p.grad is not None for p in kept.parameters())
    assert all(not p.grad.any() for p in kept.dead.parameters())


def outputs_by_id(space):
    """Run cells of a space over the same weights: an operation's depend on its name only."""
    torch.manual_seed(0)
    ops = {name: nn.Conv2d(C, C, 1, bias=False).double() for name in ("a", "b")}
    ops["skip_connect"] = nn.Identity()
    inputs = torch.linspace(-1, 1, C).reshape(1, C, 1, 1).double()
    found = {}
    for architecture in islice(enumerate_all(space), 0, None, 9):
        with torch.no_grad():
            result = WiredCell(architecture.value, C, make_op=lambda edge: ops[edge.op])(inputs)
        found.setdefault(canonical_id(architecture.value), []).append(result)
    return found


def test_cells_with_one_canonical_id_compute_the_same():
    found = outputs_by_id(Cell(["none", "skip_connect", "a", "b"], 3))
    assert max(map(len, found.values())) > 10
    for results in found.values():
        assert all(torch.allclose(results[0], other) for other in results)
