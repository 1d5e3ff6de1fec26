"""Every bundled space: whatever it proposes can be built, run and trained."""

import numpy as np
import pytest
import torch

from raynas.nets import ACTIVATIONS, OPS
from raynas.space import bundled_spaces, load_space, sample
from raynas.training import TrainingConfig

SHAPES = {
    "mlp": [(10,), (1, 1, 1), (1, 8, 8), (3, 32, 32)],
    "chain_cnn": [(1, 1, 1), (1, 8, 8), (3, 32, 32)],
    "chain_cnn_training": [(1, 1, 1), (1, 8, 8), (3, 32, 32)],
}
CASES = [(name, shape) for name in bundled_spaces() for shape in SHAPES[name]]
BIG = (3, 32, 32)


def check_samples(name, shape, count, seed):
    """Build, run forward and backward `count` random samples of a space."""
    loaded = load_space(name)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    batch = torch.randn(2, *shape)
    labels = torch.tensor([0, 2])
    for _ in range(count):
        architecture = sample(loaded.space, rng)
        net = loaded.build(architecture.value, shape, 3)
        outputs = net(batch)
        assert outputs.shape == (2, 3), architecture.value
        torch.nn.functional.cross_entropy(outputs, labels).backward()
        assert torch.isfinite(outputs).all(), architecture.value
        for parameter in net.parameters():
            assert parameter.grad is not None, architecture.value
            assert torch.isfinite(parameter.grad).all(), architecture.value


def test_every_space_is_listed_here():
    assert set(SHAPES) == set(bundled_spaces())


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_random_samples_are_built_and_trained(name, shape):
    check_samples(name, shape, count=30 if shape == BIG else 200, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), CASES)
def test_ten_thousand_random_samples_are_built_and_trained(name, shape):
    check_samples(name, shape, count=10_000, seed=1)


@pytest.mark.parametrize("name", bundled_spaces())
def test_a_single_sample_can_be_trained_on(name):
    loaded = load_space(name)
    rng = np.random.default_rng(0)
    for _ in range(20):
        net = loaded.build(sample(loaded.space, rng).value, (1, 1, 1), 3).train()
        outputs = net(torch.randn(1, 1, 1, 1))
        assert torch.isfinite(outputs).all()


@pytest.mark.parametrize("name", bundled_spaces())
def test_a_space_says_what_it_is(name):
    loaded = load_space(name)
    assert "architectures" in loaded.doc
    assert loaded.doc.splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", bundled_spaces())
def test_a_space_only_uses_ops_and_activations_that_there_are(name):
    rng = np.random.default_rng(0)
    for _ in range(200):
        value = sample(load_space(name).space, rng).value
        for node in (*value.get("layers", []), *value.get("features", [])):
            assert node["type"] in OPS
            assert node.get("activation", "relu") in ACTIVATIONS


def test_searched_trainings_are_legal():
    loaded = load_space("chain_cnn_training")
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(100):
        value = sample(loaded.space, rng).value
        config = TrainingConfig(momentum=0.5).overridden_by(value)
        assert config.learning_rate == value["training"]["learning_rate"]
        assert config.momentum == (0.9 if config.optimizer == "sgd" else 0.5)
        found.add(config.optimizer)
    assert found == {"adam", "rmsprop", "sgd"}
