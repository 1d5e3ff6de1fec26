import numpy as np
import pytest
import torch
from torch import nn

from raynas.options.training_options import TrainingOptions
from raynas.training import OPTIMIZERS, Candidate


def candidate(net=None, **options):
    return Candidate(net or nn.Linear(4, 3), TrainingOptions(**options), num_outputs=3)


BATCH = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3


def test_the_loss_is_the_plain_cross_entropy_unless_smoothing_is_asked_for():
    net = nn.Linear(4, 3)
    plain = nn.functional.cross_entropy(net(BATCH[0]), BATCH[1])
    assert candidate(net).training_step(BATCH) == plain
    smooth = nn.functional.cross_entropy(net(BATCH[0]), BATCH[1], label_smoothing=0.2)
    assert candidate(net, label_smoothing=0.2).training_step(BATCH) == smooth
    assert smooth != plain


def test_images_are_normalised_by_channel():
    mean, std = np.array([1, 2], dtype=np.float32), np.array([2, 4], dtype=np.float32)
    module = Candidate(nn.Identity(), TrainingOptions(), num_outputs=2, mean=mean, std=std)
    images = torch.tensor([[[[3]], [[10]]]], dtype=torch.uint8)
    assert module(images).flatten().tolist() == [1.0, 2.0]


def test_features_are_normalised_by_feature_and_others_left_alone():
    mean, std = np.array([1, 2], dtype=np.float32), np.array([2, 4], dtype=np.float32)
    module = Candidate(nn.Identity(), TrainingOptions(), num_outputs=2, mean=mean, std=std)
    assert module(torch.tensor([[3.0, 10.0]])).tolist() == [[1.0, 2.0]]
    plain = Candidate(nn.Identity(), TrainingOptions(), num_outputs=2)
    assert torch.equal(plain(BATCH[0]), BATCH[0])


def test_the_normalisation_is_saved_with_the_weights_but_not_trained():
    module = candidate()
    assert {"mean", "std"} <= module.state_dict().keys()
    assert {name for name, _ in module.named_parameters()} == {"net.weight", "net.bias"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimiser_takes_its_options_and_makes_the_loss_smaller(name):
    module = candidate(optimizer=name, schedule="constant", learning_rate=0.01, weight_decay=0.001)
    optimizer = module.configure_optimizers()
    assert optimizer.defaults["lr"] == 0.01
    assert optimizer.defaults["weight_decay"] == 0.001
    assert optimizer.defaults.get("momentum", 0) == (0.9 if name == "sgd" else 0)
    before = module.training_step(BATCH)
    for _ in range(20):
        optimizer.zero_grad()
        module.training_step(BATCH).backward()
        optimizer.step()
    assert module.training_step(BATCH) < before
