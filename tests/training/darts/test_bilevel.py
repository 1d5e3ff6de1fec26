"""The alphas' gradients, against exact differentiation through the step of the weights."""

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional

from raynas.nets import Supernet
from raynas.space import load_space_source
from raynas.training.darts.bilevel import first_order_gradients, second_order_gradients

SPACE = """
from raynas.nets import build_stacked_cells
from raynas.space import Cell, Record
ops = ["avg_pool_3x3", "skip_connect", "sep_conv_3x3"]
space = Record(cell=Cell(ops, 2, inputs=2, edges=2, output="all", strided=True))
def build(value, input_shape, num_outputs):
    return build_stacked_cells(value, input_shape, num_outputs, channels=2, cells=2)
"""
STEP = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}


@pytest.fixture
def supernet():
    torch.manual_seed(0)
    supernet = Supernet(load_space_source(SPACE, "tiny"), (1, 6, 6), 3).double()
    for alphas in supernet.alpha_parameters():
        torch.nn.init.normal_(alphas)
    return supernet


@pytest.fixture
def batches():
    torch.manual_seed(1)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    return [(torch.randn(6, 1, 6, 6, dtype=torch.float64), labels) for _ in range(2)]


def loss_of(supernet):
    return lambda batch: functional.cross_entropy(supernet(batch[0]), batch[1])


def exact(supernet, train, validation, velocities):
    """Differentiate the validation loss after the step, step included, by autograd."""
    named = dict(supernet.named_parameters())
    weights = {name: p for name, p in named.items() if name.startswith("net.")}

    def loss(parameters, batch):
        return functional.cross_entropy(functional_call(supernet, parameters, batch[0]), batch[1])

    gradients = torch.autograd.grad(loss(named, train), weights.values(), create_graph=True)
    ahead = {
        name: w - STEP["learning_rate"] * (STEP["momentum"] * v + g + STEP["weight_decay"] * w)
        for (name, w), g, v in zip(weights.items(), gradients, velocities, strict=True)
    }
    return torch.autograd.grad(loss({**named, **ahead}, validation), supernet.alpha_parameters())


@pytest.mark.parametrize("moving", [False, True])
def test_second_order_is_the_derivative_through_the_step(supernet, batches, moving):
    weights = supernet.weight_parameters()
    velocities = [torch.randn_like(w) if moving else None for w in weights]
    zeros = [
        torch.zeros_like(w) if v is None else v for w, v in zip(weights, velocities, strict=True)
    ]
    found = second_order_gradients(
        supernet, loss_of(supernet), *batches, **STEP, velocities=velocities, radius=1e-5
    )
    expected = exact(supernet, *batches, zeros)
    first = first_order_gradients(supernet, loss_of(supernet), batches[1])
    for ours, right, other in zip(found, expected, first, strict=True):
        torch.testing.assert_close(ours, right, rtol=1e-5, atol=1e-8)
        assert not torch.allclose(right, other, rtol=1e-2)


def test_without_a_step_both_orders_are_the_same(supernet, batches):
    velocities = [None for _ in supernet.weight_parameters()]
    still = {"learning_rate": 0.0, "momentum": 0.9, "weight_decay": 0.01}
    second = second_order_gradients(
        supernet, loss_of(supernet), *batches, **still, velocities=velocities
    )
    first = first_order_gradients(supernet, loss_of(supernet), batches[1])
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_nothing_but_the_result_is_left_behind(supernet, batches):
    before = {name: value.clone() for name, value in supernet.state_dict().items()}
    velocities = [torch.ones_like(w) for w in supernet.weight_parameters()]
    first_order_gradients(supernet, loss_of(supernet), batches[1])
    second_order_gradients(supernet, loss_of(supernet), *batches, **STEP, velocities=velocities)
    assert all(parameter.grad is None for parameter in supernet.parameters())
    for name, value in supernet.state_dict().items():
        assert torch.equal(value, before[name]), name
    supernet(batches[0][0])
    changed = [n for n, v in supernet.state_dict().items() if not torch.equal(v, before[n])]
    assert any("running_mean" in name for name in changed)
