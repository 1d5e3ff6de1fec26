"""Networks in 8 bits."""

import numpy as np
import pytest
import torch

from raynas.networks.formats import FORMATS, open_torch, write_torch
from raynas.networks.int8 import processor, quantize_onnx, quantize_torch


def test_weights_in_8_bits_take_a_quarter():
    """In a net that is large enough for a program's own description not to matter."""
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 4096), torch.nn.ReLU(),
                              torch.nn.Linear(4096, 10)).eval()  # fmt: skip
    inputs = torch.rand(4, 1, 8, 8)
    content = quantize_torch(net, inputs, [(inputs, torch.zeros(4))])
    assert len(content) < 0.45 * len(write_torch(net, inputs))
    assert torch.allclose(open_torch(content)(inputs), net(inputs), atol=0.05)


def test_two_products_of_8_bits_fit_in_16():
    """Processors without VNNI add so, and cut off what does not fit."""
    onnx = pytest.importorskip("onnx")
    torch.manual_seed(0)
    inputs = torch.rand(64, 3, 8, 8)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(288, 10)
    )
    model = quantize_onnx(FORMATS["onnx"].write(network, inputs), [(inputs, torch.zeros(64))])
    graph = onnx.load_from_string(model).graph
    weights = [onnx.numpy_helper.to_array(weight) for weight in graph.initializer]
    rounded = [w.astype(int) for w in weights if w.dtype == np.int8 and w.ndim > 1]
    assert len(rounded) == 2
    for weight in rounded:
        assert 255 * 2 * np.abs(weight).max() < 2**15
        assert np.abs(weight).max() > 50
    exact = network(inputs).detach()
    assert (FORMATS["onnx"].open(model)(inputs) - exact).abs().max() < 0.1 * exact.abs().max()


def test_what_computes_has_a_name():
    assert processor()
