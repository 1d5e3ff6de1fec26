"""Every bundled space: whatever it proposes can be built, run and trained."""

from itertools import chain

import numpy as np
import pytest
import torch

from raynas.nets import ACTIVATIONS, CELL_OPS, OPS
from raynas.options.training_options import TrainingOptions
from raynas.space import bundled_spaces, load_space, sample
from raynas.space.cells import is_cell

SHAPES = {
    "mlp": [(10,), (1, 1, 1), (1, 8, 8), (3, 32, 32)],
    "chain_cnn": [(1, 1, 1), (1, 8, 8), (3, 32, 32)],
    "chain_cnn_training": [(1, 1, 1), (1, 8, 8), (3, 32, 32)],
    "nasbench201": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
    "darts_cell": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
    "pnas_cell": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
    "nasnet_cell": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
    "hierarchical": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
    "macro_cnn": [(1, 1, 1), (1, 8, 8), (3, 9, 14)],
}
SMALL = {
    "nasbench201": {"channels": 4, "cells": 1},
    "darts_cell": {"channels": 4, "cells": 4},
    "pnas_cell": {"channels": 4, "cells": 4},
    "nasnet_cell": {"channels": 4, "cells": 4},
    "hierarchical": {"channels": 4, "cells": 1},
    "macro_cnn": {},
}
"""How nets of cells are built here: small, and only few of them."""
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
        net = loaded.build(architecture.value, shape, 3, **SMALL.get(name, {}))
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
    count = 8 if name in SMALL else 30 if shape == BIG else 200
    check_samples(name, shape, count, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), CASES)
def test_many_random_samples_are_built_and_trained(name, shape):
    check_samples(name, shape, 500 if name in SMALL else 10_000, seed=1)


@pytest.mark.parametrize("name", bundled_spaces())
def test_a_single_sample_can_be_trained_on(name):
    loaded = load_space(name)
    rng = np.random.default_rng(0)
    for _ in range(20):
        value = sample(loaded.space, rng).value
        net = loaded.build(value, (1, 1, 1), 3, **SMALL.get(name, {})).train()
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
        for cell in cells_in(value):
            for edge in chain.from_iterable(cell["nodes"]):
                assert edge["op"] in {"none", *CELL_OPS, *value.get("motifs", {})}


def cells_in(value):
    """Yield every cell in a value."""
    if is_cell(value):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(cells_in, value.values()))


@pytest.mark.parametrize("name", SMALL)
def test_a_default_net_of_cells_takes_an_image(name):
    loaded = load_space(name)
    value = sample(loaded.space, np.random.default_rng(5)).value
    assert loaded.build(value, (3, 28, 28), 10)(torch.randn(2, 3, 28, 28)).shape == (2, 10)


def test_searched_trainings_are_legal():
    loaded = load_space("chain_cnn_training")
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(100):
        value = sample(loaded.space, rng).value
        config = TrainingOptions(momentum=0.5).overridden_by(value)
        assert config.learning_rate == value["training"]["learning_rate"]
        assert config.momentum == (0.9 if config.optimizer == "sgd" else 0.5)
        found.add(config.optimizer)
    assert found == {"adam", "rmsprop", "sgd"}
