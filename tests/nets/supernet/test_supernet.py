"""Supernets of every space that can be relaxed, in every way of mixing."""

import numpy as np
import pytest
import torch
from supernet_cases import CELLS, CLASSES, SMALL, batch, build, randomise
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from raynas.nets import Supernet
from raynas.nets.cells.mixed_op import Term
from raynas.space import load_space, load_space_source, replay, sample
from raynas.space.relaxation import mixtures


@pytest.fixture(params=SMALL)
def name(request):
    return request.param


@pytest.fixture(params=CELLS)
def cells(request):
    return request.param


def cross_entropy(supernet):
    inputs, labels = batch()
    outputs = supernet(inputs)
    assert outputs.shape == (len(labels), CLASSES)
    loss = functional.cross_entropy(outputs, labels)
    assert torch.isfinite(loss)
    return loss


def test_every_weight_and_alpha_gets_a_gradient(name):
    check_gradients(build(name))


def test_so_they_do_with_partial_channels(cells):
    check_gradients(build(cells, channels_part=2))


def check_gradients(supernet):
    randomise(supernet)
    cross_entropy(supernet).backward()
    for parameter in supernet.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("channels_part", [1, 2])
def test_sampling_computes_one_op_an_edge_and_reaches_the_alphas(cells, channels_part):
    supernet = build(cells, channels_part=channels_part)
    ran = []
    for path, module in supernet.named_modules():
        if isinstance(module, Term):
            at = path.rsplit(".", 2)
            module.register_forward_hook(lambda *_, at=at: ran.append(at))
    drawn, reached = set(), False
    for _ in range(3):
        ran.clear()
        supernet.zero_grad()
        with supernet.sampling(1.0):
            cross_entropy(supernet).backward()
        edges = [at for at, _, _ in ran]
        assert len(edges) == len(set(edges))
        drawn.add(tuple(op for _, _, op in ran))
        grads = [p.grad for p in supernet.alpha_parameters() if p.grad is not None]
        assert all(torch.isfinite(grad).all() for grad in grads)
        reached |= any(grad.any() for grad in grads)
    assert reached
    assert len(drawn) == 3


def test_sampling_looks_at_no_number_of_a_single_mixture(cells):
    """A GPU would be waited for each time."""

    class Looks(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            assert function is not torch.ops.aten._local_scalar_dense.default
            return function(*args, **(kwargs or {}))

    supernet = build(cells)
    with pytest.raises(AssertionError), Looks():
        int(torch.zeros(1))
    with supernet.sampling(1.0), torch.no_grad(), Looks():
        supernet(batch()[0])


def test_all_cells_of_a_kind_draw_the_same_ops():
    supernet = build("darts_cell")
    by_cell = {}
    for path, module in supernet.named_modules():
        if isinstance(module, Term):
            cell = path.split(".")[2]
            by_cell.setdefault(cell, [])
            edge = path.split(".ops.")[1]
            module.register_forward_hook(lambda *_, c=cell, e=edge: by_cell[c].append(e))
    with supernet.sampling(1.0):
        supernet(batch()[0])
    assert by_cell["1"] == by_cell["2"] != by_cell["0"]


def test_a_cold_draw_takes_the_strongest():
    supernet = build("nasbench201")
    picks = sample(supernet.space.space, np.random.default_rng(3)).picks
    for path, index in picks.items():
        supernet.alphas[path].data[index] = 50
    inputs = batch()[0]
    with supernet.sampling(1e-3):
        torch.testing.assert_close(supernet(inputs), supernet(inputs))
    assert supernet.derive().picks == picks


def test_what_is_derived_is_a_member_of_the_space(name):
    supernet = build(name)
    for seed in range(5):
        randomise(supernet, seed)
        architecture = supernet.derive()
        assert replay(supernet.space.space, architecture.picks) == architecture
        assert supernet.strengths().keys() == set(supernet.alphas)


def test_of_the_edges_the_strongest_but_none_are_kept():
    """In node 0 both; in node 1 those from places 0 and 2, though "none" is strong on both."""
    supernet = build("darts_cell")
    strong = {"0/0": 3, "0/1": 5, "1/0": 4, "1/1": 1, "1/2": 7}
    for edge, op in strong.items():
        alphas = supernet.alphas[f"normal/nodes/{edge}/op"].data
        alphas[op] = 1 if edge == "1/1" else 2
        alphas[0] = 1 if edge == "1/1" else 5
    supernet.alphas["normal/nodes/1/1/op"].data[0] = -5
    supernet.alphas["normal/nodes/1/1/op"].data[1] = -1
    nodes = supernet.derive().value["normal"]["nodes"]
    options = next(iter(mixtures(supernet.relaxed.value)))["options"]
    assert nodes[0] == [{"input": 0, "op": options[3]}, {"input": 1, "op": options[5]}]
    softmax = {e: supernet.strengths()[f"normal/nodes/1/{e}/op"] for e in range(3)}
    ranked = sorted(range(3), key=lambda e: -max(softmax[e][1:]))[:2]
    assert [edge["input"] for edge in nodes[1]] == sorted(ranked)


def test_partial_channels_select_on_alpha_times_beta():
    supernet = build("darts_cell", channels_part=2)
    node = "normal/nodes/1"
    for place, alpha in enumerate([3.0, 2.0, 1.0]):
        supernet.alphas[f"{node}/{place}/op"].data[1] = alpha
    by_alpha = supernet.derive().value["normal"]["nodes"][1]
    assert [edge["input"] for edge in by_alpha] == [0, 1]
    supernet.betas[node].data.copy_(torch.tensor([-3.0, 0.0, 0.0]))
    by_both = supernet.derive().value["normal"]["nodes"][1]
    assert [edge["input"] for edge in by_both] == [1, 2]
    products = supernet.strengths()[f"{node}/0/op"]
    alpha = supernet.alphas[f"{node}/0/op"].softmax(0)
    torch.testing.assert_close(torch.tensor(products), alpha * supernet.betas[node].softmax(0)[0])


def test_without_an_option_its_weight_is_zero_and_the_others_keep_theirs(name):
    supernet = build(name)
    path = next(path for path in supernet.alphas if "nodes" in path or "activation" in path)
    full = supernet.strengths()
    whole = supernet(batch()[0])
    with supernet.without(path, 1):
        part = supernet.strengths()
        assert not torch.allclose(supernet(batch()[0]), whole)
    assert part[path] == [0.0 if i == 1 else w for i, w in enumerate(full[path])]
    assert supernet.strengths() == full


def test_an_edge_may_be_left_out(cells):
    supernet = build(cells)
    path = next(iter(supernet.alphas))
    with supernet.without(path):
        assert not any(supernet.strengths()[path])
        cross_entropy(supernet)
    assert all(supernet.strengths()[path])


def test_what_is_decided_stays_and_is_saved(cells):
    supernet, again = build(cells), build(cells)
    first, second = list(supernet.alphas)[:2]
    supernet.decide(first, 1)
    supernet.decide(second, None)
    again.load_state_dict(supernet.state_dict())
    for net in (supernet, again):
        strengths = net.strengths()
        assert strengths[first] == [float(i == 1) for i in range(len(strengths[first]))]
        assert not any(strengths[second])
    torch.testing.assert_close(supernet(batch()[0]), again(batch()[0]))
    with supernet.sampling(1.0):
        cross_entropy(supernet)


def test_wrong_wishes_say_what_is_right():
    supernet = build("nasbench201", channels_part=2)
    with pytest.raises(ValueError, match=r"no mixture 'cell/op'; there are cell/nodes/0/0/op"):
        supernet.decide("cell/op", 0)
    with pytest.raises(ValueError, match=r"'cell/nodes/0/0/op' has the options 0..4, got 5"):
        supernet.decide("cell/nodes/0/0/op", 5)
    picks = supernet.derive().picks
    with pytest.raises(ValueError, match="partial channels"), supernet.forced(picks):
        pass
    with pytest.raises(ValueError, match="channels_part: 3 does not divide 4 channels"):
        build("nasbench201", channels_part=3)


def test_a_chain_has_limits():
    supernet = build("chain_cnn")
    with (
        pytest.raises(ValueError, match="'features/length' cannot be sampled"),
        supernet.sampling(1.0),
    ):
        pass
    with pytest.raises(ValueError, match="'features/length' is no edge of a cell"):
        supernet.decide("features/length", None)
    with pytest.raises(ValueError, match=r"'features' is a Repeat \(with partial channels\)"):
        build("chain_cnn", channels_part=2)


OWN_BUILD = """
from torch import nn
from raynas.space import Choice, Record, Repeat
space = Record(layers=Repeat(Record(type="dense", units=Choice([3, 5])), 1, 2))
def build(value, input_shape, num_outputs):
    return nn.Sequential(*[nn.Linear(layer["units"], 1) for layer in value["layers"]])
"""
NO_MIXTURES = """
from torch import nn
from raynas.space import Cell
space = Cell(["a", "b"], 2)
def build(value, input_shape, num_outputs):
    return nn.Flatten()
"""


def test_a_build_of_ones_own_is_told_what_it_must_end_in():
    with pytest.raises(ValueError, match=r"space own: its build cannot make .*raynas' own"):
        Supernet(load_space_source(OWN_BUILD, "own"), (2, 4, 4), 3)
    with pytest.raises(ValueError, match=r"leaves out nodes/0/0/op of the relaxed space"):
        Supernet(load_space_source(NO_MIXTURES, "own"), (2, 4, 4), 3)


def test_a_mixture_runs_inside_a_supernet_only():
    with pytest.raises(RuntimeError, match="cell/nodes/0/0/op runs inside a Supernet only"):
        build("nasbench201").net(batch()[0])


def test_the_supernet_of_darts_has_its_known_number_of_parameters():
    supernet = Supernet(load_space("darts_cell"), (3, 32, 32), 10)
    assert sum(p.numel() for p in supernet.weight_parameters()) == 1_930_618
    assert sum(p.numel() for p in supernet.alpha_parameters()) == 2 * 14 * 8
