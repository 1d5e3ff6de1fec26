"""The supernet of every space that can be relaxed, in every way of mixing."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from raynas.nets import Supernet, WiredCell
from raynas.space import load_space, load_space_source, sample

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
    "pairs": """
from raynas.nets import build_stacked_cells
from raynas.space import Cell, Record
ops = ["none", "skip_connect", "conv_1x3_3x1", "max_pool_3x3"]
space = Record(cell=Cell(ops, 2, inputs=2, edges=2, distinct=False, output="all", strided=True))
def build(value, input_shape, num_outputs):
    return build_stacked_cells(value, input_shape, num_outputs, channels=4, cells=3)
""",
}


@pytest.fixture(params=SMALL)
def supernet(request):
    torch.manual_seed(0)
    space = load_space_source(SMALL[request.param], request.param)
    return Supernet(space, IMAGE, CLASSES)


def batch():
    torch.manual_seed(1)
    return torch.randn(4, *IMAGE), torch.tensor([0, 1, 2, 0])


def discrete_net(supernet, architecture):
    """Build an architecture's own net and give it the supernet's weights."""
    net = supernet.space.build(architecture.value, IMAGE, CLASSES).double()
    shared = dict(supernet.net.named_modules())
    state = supernet.net.state_dict()
    net.load_state_dict({k: v for k, v in state.items() if k in net.state_dict()}, strict=False)
    for name, cell in net.named_modules():
        if isinstance(cell, WiredCell):
            for i, node in enumerate(cell.wires):
                for edge, place in node:
                    slot = int(edge.rpartition("/")[2])
                    mixed = shared[name].ops
                    picked = [e for e in mixed if e.startswith(f"{i}/")]
                    places = len({p for _, p in shared[name].wires[i]})
                    rounds = len(picked) // places
                    at = f"{i}/{place if rounds == 1 else slot * places + place}"
                    op = architecture.value
                    for step in mixed[at].path.split("/")[:-4]:
                        op = op[step]
                    terms = mixed[at].terms
                    term = terms[op["nodes"][i][slot]["op"]]
                    cell.ops[edge].load_state_dict(term.op.state_dict(), strict=False)
    return net


@pytest.mark.parametrize("training", [True, False])
def test_with_one_op_forced_it_is_the_discrete_net(supernet, training):
    rng = np.random.default_rng(0)
    supernet.double().train(training)
    inputs = batch()[0].double()
    if not training:
        supernet.train()(inputs)
        supernet.eval()
    for _ in range(10):
        architecture = sample(supernet.space.space, rng)
        net = discrete_net(supernet, architecture).train(training)
        with supernet.forced(architecture.picks), torch.no_grad():
            torch.testing.assert_close(supernet(inputs), net(inputs), rtol=1e-9, atol=1e-9)


def test_every_weight_and_alpha_gets_a_gradient(supernet):
    inputs, labels = batch()
    loss = functional.cross_entropy(supernet(inputs), labels)
    loss.backward()
    assert torch.isfinite(loss)
    for parameter in supernet.parameters():
        assert torch.isfinite(parameter.grad).all()
    for alphas in supernet.alpha_parameters():
        assert alphas.grad.abs().sum() > 0


def test_a_sampled_pass_reaches_the_alphas(supernet):
    inputs, labels = batch()
    with supernet.sampling(1.0):
        functional.cross_entropy(supernet(inputs), labels).backward()
    grads = [alphas.grad for alphas in supernet.alpha_parameters() if alphas.grad is not None]
    assert grads
    assert all(torch.isfinite(grad).all() for grad in grads)


def test_what_is_derived_is_a_member_of_the_space(supernet):
    for seed in range(5):
        torch.manual_seed(seed)
        for alphas in supernet.alpha_parameters():
            torch.nn.init.normal_(alphas)
        architecture = supernet.derive()
        with supernet.forced(architecture.picks), torch.no_grad():
            assert supernet(batch()[0]).shape == (4, CLASSES)


def test_the_supernet_of_darts_has_its_known_number_of_parameters():
    supernet = Supernet(load_space("darts_cell"), (3, 32, 32), 10)
    assert sum(p.numel() for p in supernet.weight_parameters()) == 1_930_618
    assert sum(p.numel() for p in supernet.alpha_parameters()) == 2 * 14 * 8
