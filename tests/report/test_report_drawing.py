"""Architectures are drawn whatever they are; cells with every edge, chains with every skip."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from raynas.report.drawing.architecture_drawing import draw
from raynas.report.drawing.graph_drawing import Box, Wire, draw_spine
from raynas.space import bundled_spaces, load_space, sample
from raynas.space.cells import NONE

SVG = re.compile(r"<svg.*?</svg>", re.S)


def pictures(value) -> list[ET.Element]:
    return [ET.fromstring(svg) for f in draw(value) for svg in SVG.findall(str(f.body))]  # noqa: S314 (our own)


def words(picture: ET.Element) -> list[str]:
    return [" ".join("".join(text.itertext()).split()) for text in picture.iter("text")]


def wires(picture: ET.Element) -> list[str]:
    paths = (path.get("class") or "" for path in picture.iter("path"))
    return [kind for kind in paths if kind.startswith("wire")]


@pytest.mark.parametrize("name", sorted(bundled_spaces()))
def test_every_space_is_drawn(name):
    space = load_space(name).space
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert pictures(sample(space, rng).value)


def test_a_cell_has_all_its_edges():
    space = load_space("nasbench201").space
    rng = np.random.default_rng(1)
    for _ in range(20):
        cell = sample(space, rng).value["cell"]
        (picture,) = pictures({"cell": cell})
        ops = [e["op"].replace("_", " ") for node in cell["nodes"] for e in node if e["op"] != NONE]
        said = words(picture)
        assert sorted(word for word in said if word in ops) == sorted(ops)
        assert len(wires(picture)) == len(ops) + 1
        assert {"input", "output"} <= set(said)


def test_a_node_that_leads_nowhere_is_shown_as_unused():
    cell = {
        "inputs": 1,
        "nodes": [[{"input": 0, "op": "nor_conv_3x3"}], [{"input": 0, "op": "skip_connect"}]],
        "output": [2],
    }
    (picture,) = pictures(cell)
    assert "node 1 unused" in words(picture)
    assert sorted(wires(picture)) == ["wire join", "wire none", "wire skip"]


def test_skip_connections_of_a_chain_are_visible():
    layers = [{"type": "conv", "filters": 24, "inputs": r} for r in ([], [0], [0, 1], [])]
    (picture,) = pictures({"layers": layers})
    kinds = wires(picture)
    assert kinds.count("wire skip") == 2  # from the first to the third, from the input to the last
    assert kinds.count("wire flow") == 4
    assert kinds.count("wire join") == 1
    assert words(picture)[1] == "conv 24 filters"


def test_chains_one_after_the_other_are_one_drawing():
    value = {
        "features": [{"type": "conv", "kernel": 3}],
        "classifier": [{"type": "dense", "units": 8}],
    }
    (picture,) = pictures(value)
    assert words(picture) == ["input", "conv 3×3", "dense 8 units", "output"]


MIXED = {
    "inputs": 1,
    "nodes": [[{"input": 0, "op": {"path": "p", "options": ["a", "b"]}}]],
    "output": [1],
}


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 0.5, "x", [], {}, [1, 2], [[]], [None, {}], {"a": 1}, {"a": {"b": [1]}},
        {"inputs": 2, "nodes": 7, "output": None}, {"inputs": 1, "nodes": [[{}]], "output": [9]},
        {"inputs": 1, "nodes": [[{"input": 5, "op": "x"}]], "output": [1]},
        {"layers": [{"inputs": [7]}, {"type": "a", "inputs": "b"}]}, [{"x": {"y": {"z": [{}]}}}],
        {"type": ["conv"], "op": {}}, [{"type": "conv"}] * 500,
        {"a": {"b": {"c": {"d": {"e": {}}}}}}, MIXED,
    ],
    ids=str,
)  # fmt: skip
def test_any_value_comes_out_readable(value):
    figures = draw(value)
    assert 0 < len(figures) <= 12
    assert all(str(figure.body).strip() for figure in figures)


def test_hostile_words_are_only_words():
    figures = draw([{"type": "<script>alert(1)</script>", "x": '"><img src=x>'}])
    assert "<script" not in str(figures[0].body)
    assert "<img" not in str(figures[0].body)


def areas(picture: ET.Element, kind: str) -> list[tuple[float, ...]]:
    """Left, top, right and bottom of the boxes or the labels."""
    sizes = (
        tuple(float(rect.get(name)) for name in ("x", "y", "width", "height"))
        for rect in picture.iter("rect") if kind in rect.get("class").split()
    )  # fmt: skip
    return [(x, y, x + width, y + height) for x, y, width, height in sizes]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    )  # fmt: skip


def has_room_for_all(picture: ET.Element) -> bool:
    """Whether each label lies in the picture and covers neither a box nor another label."""
    left, top, width, height = map(float, picture.get("viewBox").split())
    pills, boxes = areas(picture, "pill"), areas(picture, "box")
    inside = all(
        left <= x and top <= y and right <= left + width and bottom <= top + height
        for x, y, right, bottom in [*pills, *boxes]
    )
    others = ((pill, other) for n, pill in enumerate(pills) for other in [*pills[:n], *boxes])
    return inside and not any(overlap(*pair) for pair in others)


def test_labels_do_not_cover_each_other():
    """All edges of a cell of six nodes, two to each place: every label has room of its own."""
    places = [Box(f"node {i}") for i in range(8)]
    wired = [Wire(i, j, "sep conv 3x3") for j in range(1, 8) for i in range(j)]
    picture = ET.fromstring(str(draw_spine(places, wired, "all")))  # noqa: S314 (our own)
    assert len(areas(picture, "pill")) == 28
    assert has_room_for_all(picture)


CELL_OPS = ["skip_connect", "sep_conv_7x7", "max_pool_3x3", "x", "a_convolution_with_a_long_name"]


def random_cell(rng: np.random.Generator) -> dict[str, Any]:
    """A cell of any wiring: nodes of one to four edges, some of them from the same place."""
    inputs, nodes = int(rng.integers(1, 3)), int(rng.integers(1, 8))
    return {
        "inputs": inputs,
        "nodes": [
            [
                {"input": int(rng.integers(inputs + node)), "op": str(rng.choice(CELL_OPS))}
                for _ in range(rng.integers(1, 5))
            ]
            for node in range(nodes)
        ],
        "output": sorted({inputs + int(rng.integers(nodes)) for _ in range(3)}),
    }


def test_no_label_of_a_cell_covers_a_node():
    rng = np.random.default_rng(0)
    for _ in range(300):
        cell = random_cell(rng)
        (picture,) = pictures(cell)
        assert len(areas(picture, "pill")) == sum(map(len, cell["nodes"]))
        assert has_room_for_all(picture), cell
        assert areas(picture, "box")
        assert float(picture.get("viewBox").split()[2]) < 2000


@pytest.mark.parametrize("name", sorted(bundled_spaces()))
def test_no_label_of_any_space_covers_a_node(name):
    space = load_space(name).space
    rng = np.random.default_rng(2)
    for _ in range(30):
        assert all(map(has_room_for_all, pictures(sample(space, rng).value)))
