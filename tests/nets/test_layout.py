"""Channels last: where a net can be laid out so, it computes the same; where not, it stays."""

import pytest
import torch
from torch import nn

from raynas.nets import put_channels_last

IMAGES = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def convolutions(*after):
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*layers, *after)


class View(nn.Module):
    """Depends on how its input lies in memory."""

    def forward(self, inputs):
        return inputs.view(len(inputs), -1)


def is_last(net):
    return net[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_a_net_of_images_computes_the_same():
    net = convolutions(nn.Flatten(), nn.Linear(64, 2)).eval()
    before, state = net(IMAGES), torch.get_rng_state()
    assert put_channels_last(net, (3, 8, 8))
    assert is_last(net)
    assert torch.allclose(net(IMAGES), before, atol=1e-5)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_net_that_cannot_be_laid_out_so_stays_as_it_is():
    net = convolutions(View(), nn.Linear(64, 2))
    modes, statistics = [m.training for m in net.modules()], net[1].running_mean.clone()
    assert not put_channels_last(net, (3, 8, 8))
    assert net[0].weight.is_contiguous()
    assert net(IMAGES).shape == (5, 2)
    assert [m.training for m in net.modules()] == modes
    assert torch.equal(statistics, torch.zeros(4))


@pytest.mark.parametrize("shape", [(3,), (3, 8)])
def test_other_inputs_have_no_channels_to_move(shape):
    assert not put_channels_last(nn.Linear(shape[-1], 2), shape)
