"""What the spaces of cells promise: their sizes, names in benchmarks, known architectures."""

import runpy
from itertools import combinations
from pathlib import Path

import pytest

from raynas.nets import count_parameters
from raynas.space import decisions_of, enumerate_all, load_space, replay, size, walk

SIZES = {
    "nasbench201": 15_625,
    "darts_cell": (1 * 3 * 6 * 10 * 7**8) ** 2,
    "nasnet_cell": (4 * 9 * 16 * 25 * 36 * 13**10) ** 2,
    "hierarchical": 7**46,
    "macro_cnn": sum(192**n * 2 ** (n * (n - 1) // 2) for n in range(6, 16)),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_space_has_the_size_of_its_paper(name):
    assert size(load_space(name).space) == SIZES[name]


def test_progressive_search_starts_with_256_cells():
    space = load_space("pnas_cell").space
    one, total, product = [], 0, 1
    for places in range(2, 7):
        product *= (places * 8) ** 2
        one.append(product)
        total += product
    assert size(space) == total
    assert one[0] == 256
    assert one[-1] == pytest.approx(5.6e14, rel=0.01)


def test_keys_are_those_of_the_benchmark():
    loaded = load_space("nasbench201")
    keys = [loaded.key(architecture) for architecture in enumerate_all(loaded.space)]
    assert len(set(keys)) == 15_625
    assert keys[0] == "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert keys[-1] == (
        "|avg_pool_3x3~0|+|avg_pool_3x3~0|avg_pool_3x3~1|"
        "+|avg_pool_3x3~0|avg_pool_3x3~1|avg_pool_3x3~2|"
    )
    assert keys[1] == "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"


def darts_picks(value):
    ops = [
        "max_pool_3x3",
        "avg_pool_3x3",
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
    ]
    picks = {}
    for kind in ("normal", "reduction"):
        for i, node in enumerate(value[kind]["nodes"]):
            pairs = list(combinations(range(2 + i), 2))
            if len(pairs) > 1:
                starts = tuple(edge["input"] for edge in node)
                picks[f"{kind}/nodes/{i}/inputs"] = pairs.index(starts)
            for j, edge in enumerate(node):
                picks[f"{kind}/nodes/{i}/{j}/op"] = ops.index(edge["op"])
    return picks


def test_darts_v2_is_an_architecture_of_the_space_with_exactly_its_parameters():
    loaded = load_space("darts_cell")
    module = runpy.run_path(str(Path(loaded.path)))
    value = module["DARTS_V2"]
    found = replay(loaded.space, darts_picks(value))
    assert found.value == value
    net = module["build"](value, (3, 32, 32), 10, channels=36, cells=20)
    assert count_parameters(net) == 3_349_342


@pytest.mark.parametrize(
    ("name", "growing"),
    [
        ("nasbench201", []),
        ("darts_cell", []),
        ("nasnet_cell", []),
        ("hierarchical", []),
        ("pnas_cell", ["cell/nodes/length"]),
        ("macro_cnn", ["layers/length"]),
    ],
)
def test_what_grows(name, growing):
    space = load_space(name).space
    architecture = walk(space, lambda decision: 0)[0]
    assert [d.path for d in decisions_of(space, architecture) if d.growing] == growing
