"""Nets of cells: their parameters to the last one, and that only what is read is built."""

import pytest
import torch

from raynas.nets import (
    build_motif_cells,
    build_skip_cnn,
    build_stacked_cells,
    build_staged_cells,
    count_macs,
    count_parameters,
)

IMAGE = (3, 32, 32)
PLACES = [0, 0, 1, 0, 1, 2]


def bench(*ops):
    """Write a cell of NAS-Bench-201 by its six operations."""
    edges = [{"input": place, "op": op} for place, op in zip(PLACES, ops, strict=True)]
    return {"cell": {"inputs": 1, "nodes": [edges[:1], edges[1:3], edges[3:]], "output": [3]}}


NONE, SKIP, CONV1, CONV3, POOL = (
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
)
REFERENCE = [
    ((NONE,) * 6, 73306),
    ((NONE, NONE, NONE, CONV1, NONE, NONE), 101306),
    ((CONV3, NONE, NONE, NONE, NONE, NONE), 316346),
    ((SKIP, POOL, SKIP, SKIP, POOL, NONE), 73306),
    ((CONV1, CONV3, CONV1, NONE, CONV3, POOL), 73306 + 2 * 28000 + 2 * 243040),
    ((CONV3,) * 6, 1531546),
]
"""The benchmark's own counts for 10 classes; dead operations are in them."""


@pytest.mark.parametrize(("ops", "expected"), REFERENCE)
def test_a_net_of_nasbench201_has_the_parameters_of_the_benchmark(ops, expected):
    net = build_staged_cells(bench(*ops), IMAGE, 10)
    assert count_parameters(net) == expected
    assert sum(p.numel() for p in net.parameters()) == expected


def test_dead_operations_of_nasbench201_do_not_run():
    nothing = build_staged_cells(bench(*[NONE] * 6), IMAGE, 10)
    dead = build_staged_cells(bench(CONV3, CONV3, CONV3, NONE, NONE, NONE), IMAGE, 10)
    alive = build_staged_cells(bench(NONE, NONE, NONE, CONV3, NONE, NONE), IMAGE, 10)
    assert count_macs(nothing, IMAGE) == count_macs(dead, IMAGE)
    per_stage = 5 * 9 * (16 * 32) ** 2
    assert count_macs(alive, IMAGE) - count_macs(dead, IMAGE) == 3 * per_stage


def test_channels_and_cells_are_options():
    small = build_staged_cells(bench(*[CONV3] * 6), IMAGE, 10, channels=4, cells=1)
    assert count_parameters(small) == 23_374


def pair(*pairs, **more):
    nodes = [[{"input": i, "op": op} for i, op in node] for node in pairs]
    return {"inputs": 2, "nodes": nodes, "output": list(range(2, 2 + len(nodes))), **more}


def test_a_stack_by_hand():
    """Stem, then one cell, a reduction by position, of one node."""
    value = {"cell": pair([(0, "skip_connect"), (1, "max_pool_3x3")], strided=True)}
    net = build_stacked_cells(value, IMAGE, 10, channels=4, cells=1)
    stem = 3 * 12 * 9 + 2 * 12
    prepare = 2 * (12 * 8 + 2 * 8)
    skip = 8 * 8 + 2 * 8
    assert count_parameters(net) == stem + prepare + skip + 8 * 10 + 10


def test_cells_that_nothing_reads_are_not_built():
    value = {"cell": pair([(0, "sep_conv_3x3"), (0, "skip_connect")])}
    net = build_stacked_cells(value, (1, 9, 7), 3, channels=4, cells=8)
    assert list(net.cells) == ["1", "3", "5", "7"]
    net(torch.randn(2, 1, 9, 7)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_a_cell_that_computes_nothing_still_makes_a_net():
    value = {"cell": pair([(0, "none"), (1, "none")])}
    net = build_stacked_cells(value, (1, 8, 8), 3, channels=4, cells=3)
    assert net(torch.randn(2, 1, 8, 8)).shape == (2, 3)


def test_a_motif_is_built_wherever_it_is_named():
    def chain(*ops):
        nodes = [[{"input": i, "op": op}] for i, op in enumerate(ops)]
        return {"inputs": 1, "nodes": nodes, "output": [len(ops)]}

    motifs = {
        "a": chain("nor_conv_1x1", "skip_connect"),
        "b": chain("none"),
        "c": chain("nor_conv_3x3"),
    }

    def parameters(*names):
        value = {"motifs": motifs, "cell": chain(*names)}
        return count_parameters(build_motif_cells(value, IMAGE, 10, channels=4))

    per_motif = sum(width * width + 2 * width for width in (4, 8, 16))
    assert parameters("a", "a") - parameters("a") == per_motif
    assert parameters("a", "b", "a") == parameters("b") == parameters("a") - per_motif


def layer(height, width, filters, stride, *inputs):
    size = {"height": height, "width": width, "filters": filters, "stride": stride}
    return {"type": "conv", **size, "inputs": list(inputs)}


def test_skips_by_hand():
    """The image goes into layers 0 and 1; 0 and 1 into 2; what is not read, 2 and 3, comes out."""
    layers = [layer(3, 1, 4, 1), layer(1, 1, 5, 2), layer(5, 3, 6, 1, 0, 1), layer(1, 1, 7, 3, 1)]
    net = build_skip_cnn({"layers": layers}, IMAGE, 10)
    weights = 3 * 3 * 4, 3 * 5, 15 * 9 * 6, 5 * 7
    assert count_parameters(net) == sum(weights) + 2 * (4 + 5 + 6 + 7) + 13 * 10 + 10
    outputs = 32 * 32, 16 * 16, 32 * 32, 6 * 6
    assert count_macs(net, IMAGE) == 130 + sum(
        weight * size for weight, size in zip(weights, outputs, strict=True)
    )


def test_smaller_maps_are_padded_with_zeros_on_all_sides():
    layers = [layer(1, 1, 1, 1), layer(1, 1, 1, 2), layer(1, 1, 2, 1, 0, 1)]
    net = build_skip_cnn({"layers": layers}, (1, 4, 4), 2).eval()
    given = []
    net.layers[2].register_forward_pre_hook(lambda module, inputs: given.append(inputs[0]))
    torch.nn.init.ones_(net.layers[1][0].weight)
    net(torch.ones(1, 1, 4, 4))
    padded = given[0][0, 1]
    assert padded[1:3, 1:3].min() > 0.9
    assert padded.sum() == padded[1:3, 1:3].sum()


@pytest.mark.parametrize(
    ("build", "value", "message"),
    [
        (build_staged_cells, bench(*[SKIP] * 6), "a net of cells takes samples of shape"),
        (build_stacked_cells, bench(*[SKIP] * 6), "a net of cells takes samples of shape"),
        (build_skip_cnn, {"layers": []}, "a net of convolutions takes samples of shape"),
    ],
)
def test_what_are_no_images_is_refused(build, value, message):
    with pytest.raises(ValueError, match=message):
        build(value, (10,), 3)


def test_a_cell_with_the_wrong_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="cell: stacked cells need two inputs, got 1"):
        build_stacked_cells(bench(*[SKIP] * 6), IMAGE, 3)
    with pytest.raises(ValueError, match="need one input and one output place, got 2 and 1"):
        build_staged_cells({"cell": pair([(0, SKIP), (1, SKIP)])}, IMAGE, 3)
