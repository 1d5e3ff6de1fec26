"""Each check of the spaces' contract fails for a space or a build that breaks what it demands."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from contract_cases import checks_of, run
from torch import nn

from raynas.space import Choice, Decision, Pick, Record, Repeat, Space, choose
from raynas.testing import SpaceContract

SPACE = Record(
    layers=Repeat(Record(units=Choice([4, 8, 16]), act=Choice(["relu", "tanh"])), 1, 3),
    width=Choice([1, 2, 4], ordered=True),
)


def by_chance(pick: Pick) -> Any:
    depth = choose(pick, "depth", [1, 2, 3])
    return {"depth": depth, "dropout": random.random()}


def asks_by_chance(pick: Pick) -> Any:
    if random.random() < 0.5:
        choose(pick, "now and then", [1, 2])
    return choose(pick, "always", [1, 2, 3])


SHARED = {"layers": [1, 2, 3]}


def shares_a_value(pick: Pick) -> Any:
    return {"shared": SHARED, "width": choose(pick, "width", [1, 2])}


def holds_an_array(pick: Pick) -> Any:
    return {"width": np.int64(choose(pick, "width", [1, 2]))}


def hides_a_decision(pick: Pick) -> Any:
    """`c` is asked only where both others say so."""
    a, b = (choose(pick, name, [0, 1]) for name in "ab")
    return [a, b, choose(pick, "c", [1, 2, 3]) if a and b else 0]


def asks_twice(pick: Pick) -> Any:
    return [choose(pick, "op", ["conv", "pool"]) for _ in range(2)]


class CountsWrongly(Record):
    def size(self) -> int:
        return super().size() + 1


def two_names(pick: Pick) -> Any:
    return {"a": 1} if pick(Decision("a", (0, 1))) else {"b": {2: "a number as a key"}}


SPACES: list[tuple[Space, str]] = [
    (by_chance, "the_same_picks_are_the_same_walk"),
    (by_chance, "replay_rebuilds"),
    (asks_by_chance, "the_same_picks_are_the_same_walk"),
    (asks_by_chance, "the_same_generator_draws_the_same"),
    (asks_by_chance, "decisions_are_those_that_were_answered"),
    (shares_a_value, "changing_a_value_does_not_change_the_space"),
    (holds_an_array, "a_value_survives_json"),
    (holds_an_array, "what_a_value_computes_has_a_stable_id"),
    (two_names, "a_value_survives_json"),
    (hides_a_decision, "the_encoder_tells_walks_apart"),
    (asks_twice, "samples_are_members"),
    (asks_by_chance, "a_mutation_changes_one_decision_and_keeps_the_rest"),
    (asks_twice, "mutation_reaches_every_decision"),
    (by_chance, "crossover_takes_every_decision_from_a_parent"),
    (by_chance, "neighbours_differ_in_one_decision"),
    (CountsWrongly({"a": Choice([1, 2])}), "size_is_the_number_of_walks"),
]


def build(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """A sound build."""
    size = int(np.prod(input_shape))
    layers: list[nn.Module] = [nn.Flatten()]
    for layer in value["layers"]:
        layers += [nn.Linear(size, layer["units"]), nn.Tanh()]
        size = layer["units"]
    return nn.Sequential(*layers, nn.Linear(size, num_outputs))


def too_few_outputs(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    return build(value, input_shape, num_outputs - 1)


def no_net(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> Any:
    return build(value, input_shape, num_outputs).forward


class Around(nn.Module):
    """A net around a sound one."""

    def __init__(self, *given: Any) -> None:
        super().__init__()
        self.net = build(*given)


class Unused(Around):
    """Has a parameter that no output depends on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.spare = nn.Linear(3, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.net(inputs)  # type: ignore[no-any-return]


class Infinite(Around):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.net(inputs) / 0


class Exploding(Around):
    """Its outputs are finite, the gradients are not."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.net(inputs)
        return outputs + (outputs - outputs.detach()).abs().sqrt()  # type: ignore[no-any-return]


class LooksAround(Around):
    """What it says of a sample depends on the others."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.net(inputs - inputs.mean(0))  # type: ignore[no-any-return]


class OwnChance(Around):
    """Its weights come from another generator than torch's."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        first = next(self.parameters())
        first.data = torch.from_numpy(np.random.default_rng().random(first.shape)).float()

    forward = Unused.forward


class KeepsAside(Around):
    """What it has drawn is not part of its state."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.scale = torch.rand(())

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.net(inputs) * self.scale  # type: ignore[no-any-return]


def spoils_the_value(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    net = build(value, input_shape, num_outputs)
    value["layers"].pop()
    return net


BUILDS: list[tuple[Callable[..., Any], str]] = [
    (too_few_outputs, "a_net_has_the_outputs_that_were_asked_for"),
    (no_net, "a_net_has_the_outputs_that_were_asked_for"),
    (Infinite, "a_net_has_the_outputs_that_were_asked_for"),
    (Unused, "every_parameter_gets_a_gradient"),
    (Exploding, "every_parameter_gets_a_gradient"),
    (LooksAround, "a_net_can_be_used_on_one_sample"),
    (OwnChance, "the_same_seed_builds_the_same_net"),
    (KeepsAside, "weights_are_taken_by_another_net"),
    (spoils_the_value, "building_leaves_the_architecture_as_it_is"),
]


def space_case(space: Space, build: Callable[..., Any] = build) -> SpaceContract:
    body = {"make": lambda self: space, "build": lambda self, *given: build(*given)}
    return type("Case", (SpaceContract,), body)()


class TestSound(SpaceContract):
    def make(self) -> Space:
        return SPACE

    def build(self, value: Any, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        return build(value, input_shape, num_outputs)


@pytest.mark.parametrize(("space", "name"), SPACES, ids=lambda v: getattr(v, "__name__", None))
def test_a_broken_space_is_caught(space: Space, name: str) -> None:
    with pytest.raises((AssertionError, ValueError, TypeError)):
        run(space_case(space), name)


@pytest.mark.parametrize(("broken", "name"), BUILDS, ids=lambda v: getattr(v, "__name__", None))
def test_a_broken_build_is_caught(broken: Callable[..., Any], name: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        run(space_case(SPACE, broken), name, shape=(1, 4, 4))


def test_every_check_has_something_that_it_catches() -> None:
    assert checks_of(SpaceContract) == {name for _, name in [*SPACES, *BUILDS]}


def test_what_is_not_said_is_asked_for() -> None:
    with pytest.raises(NotImplementedError, match="say in make"):
        SpaceContract().make()
    only_a_space = type("Case", (SpaceContract,), {"make": lambda self: SPACE})()
    build = partial(only_a_space.build, {}, (1, 4, 4), 3)
    with pytest.raises(NotImplementedError, match="say in build"):
        build()
