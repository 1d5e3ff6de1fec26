"""A net is known to work before it is trained: built, and run once."""

import pytest
import torch
from torch import nn

from raynas.nets import build_net

SHAPE = (1, 6, 6)


def built(net, outputs=10):
    return build_net(lambda value, shape, num_outputs: net, {}, SHAPE, outputs)


def test_lazy_layers_get_their_shapes():
    net = built(nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(10)))
    assert [tuple(weights.shape) for weights in net.parameters()] == [
        *[(4, 1, 3, 3), (4,)],
        *[(10, 64), (10,)],
    ]
    assert net.training


def test_trying_a_net_changes_nothing_of_it_and_no_random_number():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(), nn.Flatten())
    before = {name: value.clone() for name, value in net.state_dict().items()}
    expected = torch.random.get_rng_state()
    assert built(net, 72) is net
    assert torch.equal(torch.random.get_rng_state(), expected)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


class Answer(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, inputs):
        return self.answer(inputs)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("a net", "build returned a str, expected a torch.nn.Module"),
        (None, "build returned a NoneType, expected"),
        (Answer(lambda x: x.new_zeros(len(x), 12)), r"of shape \(2, 12\).*expected \(2, 10\)"),
        (Answer(lambda x: x.new_zeros(len(x), 10, 1)), r"of shape \(2, 10, 1\)"),
        (Answer(lambda x: x.new_zeros(10)), r"of shape \(10,\)"),
        (Answer(lambda x: (x, x)), "the net returned a tuple, expected a tensor"),
        (Answer(lambda x: x.new_zeros(len(x), 10).long()), r"int64"),
        (nn.Linear(5, 10), r"cannot be run on samples of shape \(1, 6, 6\): RuntimeError: mat1"),
        (nn.Linear(6, 10).double(), "cannot be run .*dtype"),
    ],
)
def test_a_net_that_does_not_work_is_refused(net, message):
    with pytest.raises(ValueError, match=message) as raised:
        built(net)
    assert "\n" not in str(raised.value)
