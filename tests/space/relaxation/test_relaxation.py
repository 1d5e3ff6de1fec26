"""Relaxed values, and architectures read off them."""

import numpy as np
import pytest

from raynas.space import (
    Architecture,
    Cell,
    Choice,
    Record,
    Repeat,
    Stack,
    When,
    load_space,
    replay,
    sample,
)
from raynas.space.relaxation import derive, mixtures, relax, taken

RELAXABLE = ["nasbench201", "darts_cell", "chain_cnn", "mlp"]
PAIR = ["none", "conv"]


def uniform(space):
    return {m["path"]: [1.0] * len(m["options"]) for m in mixtures(relax(space).value)}


def test_a_relaxed_cell_reads_every_earlier_place_and_may_lack_an_edge():
    space = Record(cell=Cell(["conv", "pool"], 2, inputs=2, edges=2, output="all", strided=True))
    relaxed = relax(space)
    options = ["none", "conv", "pool"]

    def edge(node, place):
        return {
            "input": place,
            "op": {"path": f"cell/nodes/{node}/{place}/op", "options": options},
        }

    nodes = [[edge(0, 0), edge(0, 1)], [edge(1, 0), edge(1, 1), edge(1, 2)]]
    cell = {"inputs": 2, "nodes": nodes, "output": [2, 3], "strided": True}
    assert relaxed == Architecture({"cell": cell}, {})
    assert relaxed.picks == {}
    assert Architecture.from_json(relaxed.to_json()) == relaxed


def test_a_cell_with_all_edges_keeps_its_operations():
    (only,) = mixtures(relax(Cell(["a", "b"], 1)).value)
    assert only == {"path": "nodes/0/0/op", "options": ["a", "b"]}
    (part,) = mixtures(relax(Cell(["a", "b"], 1), channels_part=4).value)
    assert part == {**only, "channels_part": 4}


def test_a_relaxed_chain_has_its_decisions_in_it():
    layer = Choice({"big": Record(type="dense", units=Choice([8, 16])), "small": {"type": "flat"}})
    value = relax(Record(name="chain", layers=Repeat(layer, 0, 1))).value
    options = [
        {"type": "dense", "units": {"path": "layers/0/big/units", "options": [8, 16]}},
        {"type": "flat"},
    ]
    assert value == {
        "name": "chain",
        "layers": {
            "length": {"path": "layers/length", "options": [0, 1]},
            "layers": [{"path": "layers/0", "options": options}],
        },
    }


@pytest.mark.parametrize("name", RELAXABLE)
def test_an_architecture_comes_back_from_what_it_takes(name):
    space = load_space(name).space
    rng = np.random.default_rng(0)
    for _ in range(20):
        architecture = sample(space, rng)
        strengths = uniform(space)
        chosen = taken(space, architecture.picks)
        assert chosen.keys() == strengths.keys()
        for path, index in chosen.items():
            if index is not None:
                strengths[path][index] = 2.0
        assert derive(space, strengths) == architecture


@pytest.mark.parametrize("name", RELAXABLE)
def test_what_is_derived_is_a_member(name):
    space = load_space(name).space
    rng = np.random.default_rng(0)
    for _ in range(20):
        strengths = {path: rng.random(len(own)).tolist() for path, own in uniform(space).items()}
        architecture = derive(space, strengths)
        assert replay(space, architecture.picks) == architecture


def test_an_edge_of_all_may_be_none_and_one_of_some_may_not():
    every = Cell(PAIR, 1)
    assert derive(every, {"nodes/0/0/op": [0.9, 0.1]}).value["nodes"] == [
        [{"input": 0, "op": "none"}]
    ]
    some = Cell(PAIR, 1, inputs=3, edges=2)
    strengths = {f"nodes/0/{i}/op": own for i, own in enumerate([[9, 1], [0, 3], [0, 2]])}
    nodes = derive(some, strengths).value["nodes"]
    assert nodes == [[{"input": 1, "op": "conv"}, {"input": 2, "op": "conv"}]]


def test_edges_that_are_open_one_by_one_are_chosen_one_by_one():
    space = Cell(["a", "b"], 1, inputs=2, edges=2, distinct=False)
    strengths = uniform(space)
    assert len(strengths) == 4
    strengths["nodes/0/1/op"] = [0, 1, 5]
    strengths["nodes/0/3/op"] = [0, 7, 1]
    assert derive(space, strengths).value["nodes"] == [
        [{"input": 1, "op": "b"}, {"input": 1, "op": "a"}]
    ]


REFUSED = {
    "'net/channels' is a Choice": Record(cell=Cell(PAIR, 1), net={"channels": Choice([8, 16])}),
    "'more' depends on another field": Record(
        kind=Choice(["a", "b"]), more=When("kind", ["a"], Cell(PAIR, 1))
    ),
    "it is a plain function": lambda pick: {"depth": 1},
    "'layers' is a Stack": Record(layers=Stack({"filters": 8}, 1, 2)),
    "'layers/0' is no record with a type": Record(layers=Repeat({"units": Choice([1, 2])}, 1, 2)),
    "'layers/0/more' is no value or choice": Record(
        layers=Repeat({"type": "dense", "more": Repeat(1, 1, 2)}, 1, 2)
    ),
    "its cell leaves open how many nodes it has": Cell(PAIR, (1, 2)),
    "'cell' leaves open what its output joins": Record(cell=Cell(PAIR, 2, output="unused")),
    "nothing in it is open": Record(a=1),
    "its motifs": load_space("hierarchical").space,
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_relaxed_is_told_in_one_line(why):
    with pytest.raises(ValueError, match="cannot be relaxed into a supernet: ") as caught:
        relax(REFUSED[why])
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_channels_have_at_least_one_part():
    with pytest.raises(ValueError, match="channels_part must be at least 1, got 0"):
        relax(Cell(PAIR, 1), channels_part=0)
