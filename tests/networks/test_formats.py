"""Every space's nets as programs: what was written does what the net does, on any batch."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from raynas.nets import Network
from raynas.networks.formats import FORMATS, TOLERANCE, ExportFailed, difference
from raynas.space import bundled_spaces, load_space, sample

SHAPE = (3, 9, 7)


def network_of(space: str) -> Network:
    """Build a small net of a space, its statistics no longer those of a new one."""
    loaded = load_space(space)
    torch.manual_seed(0)
    known = inspect.signature(loaded.build).parameters
    value = sample(loaded.space, np.random.default_rng(0)).value
    small = {"channels": 4, "cells": 3 if "reduction" in value else 1}
    net = loaded.build(value, SHAPE, 4, **{k: v for k, v in small.items() if k in known})
    network = Network(net, SHAPE, "abcd")
    network.mean, network.std = torch.tensor([100.0, 120.0, 80.0]), torch.tensor([50.0, 40.0, 60.0])
    network(images(8))
    return network.eval()


def images(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("space", bundled_spaces())
def test_a_program_is_its_network(space, format_):
    network, chosen = network_of(space), FORMATS[format_]
    program = chosen.open(chosen.write(network, images(2)))
    assert difference(network, program, [images(count) for count in (1, 2, 5)]) <= TOLERANCE


def test_a_program_that_is_another_network_is_seen():
    one, other = network_of("mlp"), network_of("mlp")
    with torch.no_grad():
        other.net[-1].bias[3] += 0.01
    assert difference(one, one, [images(2)]) == 0
    assert difference(one, other, [images(2)]) > TOLERANCE


@pytest.mark.parametrize("format_", FORMATS)
def test_what_torch_cannot_capture(format_):
    class Moody(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs.flatten(1) if inputs.sum() > 0 else inputs.flatten(1) * 2

    network = Network(Moody(), SHAPE, "ab").eval()
    with pytest.raises(ExportFailed, match=r"^torch.export cannot capture the network: .*\)$"):
        FORMATS[format_].write(network, images(2))
