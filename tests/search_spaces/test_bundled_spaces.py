"""Every bundled space passes the contract: whatever it proposes can be built, run and trained."""

from functools import cache
from itertools import chain

import numpy as np
import pytest
import torch

from raynas.nets import ACTIVATIONS, CELL_OPS, OPS
from raynas.options.training_options import TrainingOptions
from raynas.space import bundled_spaces, load_space, sample
from raynas.space.cells import is_cell
from raynas.testing import SpaceContract

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


class Ours(SpaceContract):
    """A space that comes with raynas; its nets of cells are small ones."""

    name: str

    def make(self):
        return loaded(self.name)

    def build(self, value, input_shape, num_outputs):
        build = loaded(self.name).build
        return build(value, input_shape, num_outputs, **SMALL.get(self.name, {}))

    @pytest.mark.slow
    def test_every_parameter_of_many_nets_gets_a_gradient(self, shape):
        for architecture in self.some(500 if self.name in SMALL else 10_000, seed=1):
            self.check_gradients(architecture, shape)


loaded = cache(load_space)
for _name in bundled_spaces():
    _facts = {
        "name": _name,
        "input_shapes": SHAPES[_name],
        "nets": 8 if _name in SMALL else 30,
        "__module__": __name__,
    }
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (Ours,), _facts)


def test_every_space_is_listed_here():
    assert set(SHAPES) == set(bundled_spaces())


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
