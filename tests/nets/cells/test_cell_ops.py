import pytest
import torch

from raynas.nets import CELL_OPS, build_cell_op, count_parameters

C = 6
PARAMETERS = {
    "skip_connect": 0,
    "nor_conv_1x1": C * C + 2 * C,
    "nor_conv_3x3": 9 * C * C + 2 * C,
    "conv_1x3_3x1": 6 * C * C + 2 * C,
    "conv_1x7_7x1": 14 * C * C + 2 * C,
    "dw_conv_3x3": 9 * C + 2 * C,
    "dw_sep_conv_3x3": 9 * C + C * C + 2 * C,
    "sep_conv_3x3": 2 * (9 * C + C * C + 2 * C),
    "sep_conv_5x5": 2 * (25 * C + C * C + 2 * C),
    "sep_conv_7x7": 2 * (49 * C + C * C + 2 * C),
    "dil_conv_3x3": 9 * C + C * C + 2 * C,
    "dil_conv_5x5": 25 * C + C * C + 2 * C,
    "avg_pool_3x3": 0,
    "max_pool_3x3": 0,
    "max_pool_5x5": 0,
    "max_pool_7x7": 0,
}


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 8)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", CELL_OPS)
def test_an_op_keeps_channels_and_divides_the_map_by_its_stride(name, stride, size):
    torch.manual_seed(0)
    op = build_cell_op(name, C, stride)
    inputs = torch.randn(3, C, *size, requires_grad=True)
    outputs = op(inputs)
    assert outputs.shape == (3, C, *(-(-side // stride) for side in size))
    (outputs * torch.randn_like(outputs)).sum().backward()
    for tensor in (inputs, *op.parameters()):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()


@pytest.mark.parametrize("name", CELL_OPS)
def test_an_op_has_the_weights_of_its_paper(name):
    assert count_parameters(build_cell_op(name, C)) == PARAMETERS[name]
    without_affine = build_cell_op(name, C, affine=False)
    assert not [p for p in without_affine.parameters() if p.dim() == 1]


@pytest.mark.parametrize("name", CELL_OPS)
def test_an_op_trains_on_a_single_value(name):
    assert torch.isfinite(build_cell_op(name, C, 2).train()(torch.randn(1, C, 1, 1))).all()


def test_a_factorized_reduction_sees_every_other_pixel_and_the_ones_between():
    op = build_cell_op("skip_connect", 2, 2, affine=False).eval()
    torch.nn.init.ones_(op[1].even.weight)
    torch.nn.init.ones_(op[1].odd.weight)
    inputs = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3).repeat(1, 2, 1, 1) / 2
    even, odd = op(inputs)[0] * (1 + op[2].eps) ** 0.5
    assert torch.allclose(even, torch.tensor([[1.0, 3.0], [7.0, 9.0]]))
    assert torch.allclose(odd, torch.tensor([[5.0, 0.0], [0.0, 0.0]]))


def test_an_unknown_op_names_those_that_there_are():
    with pytest.raises(ValueError, match=r"op: expected one of none, skip_connect, .*got 'conv'"):
        build_cell_op("conv", 4)
