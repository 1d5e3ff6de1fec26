import pytest
import torch
from torch import nn

from raynas.nets import build_chain_cnn, build_mlp

CONV = {"type": "conv", "filters": 16, "kernel": 3, "stride": 1, "activation": "relu"}
DENSE = {"type": "dense", "units": 12, "activation": "tanh"}


def test_mlp_flattens_images():
    net = build_mlp({"layers": [DENSE, DENSE]}, (3, 4, 5), 7)
    assert net(torch.randn(2, 3, 4, 5)).shape == (2, 7)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (4, 4), (5, 9), (28, 28), (224, 17)])
def test_chain_cnn_keeps_its_classifier_small_for_every_image_size(size):
    net = build_chain_cnn({"features": [CONV], "classifier": [DENSE]}, (3, *size), 7)
    assert net(torch.randn(2, 3, *size)).shape == (2, 7)
    first_dense = next(module for module in net.modules() if isinstance(module, nn.Linear))
    assert first_dense.in_features <= 16 * 4 * 4


def test_chain_cnn_says_what_to_use_for_vectors():
    with pytest.raises(ValueError, match=r"chain_cnn needs images .*, got \(10,\).* space mlp"):
        build_chain_cnn({"features": [CONV], "classifier": []}, (10,), 2)


def test_a_bad_node_is_named_by_its_path():
    with pytest.raises(ValueError, match="classifier/1/type: expected one of"):
        build_chain_cnn({"features": [CONV], "classifier": [DENSE, {}]}, (1, 8, 8), 2)
