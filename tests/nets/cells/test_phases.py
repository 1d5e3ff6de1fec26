"""Phases of a map: dilated convolutions without dilation."""

import pytest
import torch
from torch import nn

from raynas.nets.cells.mixed_op import Place, Term
from raynas.nets.cells.phases import from_phases, has_phases, to_phases, undilated

C = 3


def depthwise(kernel, **options):
    padding = options.get("dilation", 1) * (kernel // 2)
    return nn.Conv2d(C, C, kernel, padding=padding, groups=C, bias=False, **options).double()


def image(height=6, width=8):
    generator = torch.Generator().manual_seed(0)
    shape = (2, C, height, width)
    return torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)


def test_a_map_is_put_together_as_it_was():
    inputs = image()
    apart = to_phases(inputs)
    assert apart.shape == (8, C, 3, 4)
    assert torch.equal(apart[:2], inputs[:, :, ::2, ::2])
    assert torch.equal(from_phases(apart), inputs)


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_convolution_of_phases_is_the_dilated_one(kernel):
    inputs = image()
    dilated = depthwise(kernel, dilation=2)
    torch.testing.assert_close(
        from_phases(undilated(dilated, to_phases(inputs))), dilated(inputs), rtol=1e-12, atol=1e-12
    )
    halving = depthwise(kernel, dilation=2, stride=2)
    first = to_phases(inputs)[:2]
    torch.testing.assert_close(undilated(halving, first), halving(inputs), rtol=1e-12, atol=1e-12)


def test_only_dilated_depthwise_convolutions_of_even_maps_have_phases():
    dilated = depthwise(3, dilation=2)
    assert has_phases(dilated, image())
    assert not has_phases(dilated, image(height=5))
    assert not has_phases(depthwise(3), image())
    assert not has_phases(nn.Conv2d(C, C, 3, dilation=2), image())
    assert not has_phases(nn.ReLU(), image())


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", ["dil_conv_3x3", "dil_conv_5x5", "sep_conv_3x3", "skip_connect"])
def test_a_term_is_its_operation_times_its_weight(name, stride):
    torch.manual_seed(0)
    term = Term(name, C, stride).double()
    inputs, weight = image(), torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    result, phased = term(Place(inputs), weight, False)
    result = from_phases(result) if phased else result
    expected = weight * term.op(inputs)
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=1e-12)
    toward = torch.randn_like(expected)
    learned = [inputs, weight, *term.parameters()]
    found = torch.autograd.grad(result, learned, toward)
    for ours, right in zip(found, torch.autograd.grad(expected, learned, toward), strict=True):
        torch.testing.assert_close(ours, right, rtol=1e-10, atol=1e-12)
