"""The contract of a space with what builds its nets: whatever it proposes can be trained."""
# ruff: noqa: S101 (tests assert)

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raynas.space import Architecture, LoadedSpace, sample
from raynas.testing.walk_contract import WalkContract

Shape = tuple[int, ...]


class SpaceContract(WalkContract):
    """What every space and its `build` must do; a subclass implements `make`.

        class TestMine(SpaceContract):
            input_shapes = [(3, 32, 32)]

            def make(self):
                return load_space("my_space.py")

    Where `make` returns a space alone, `build` is implemented, too. `input_shapes` are those of the
    samples that nets are to be built for.
    """

    input_shapes: ClassVar[list[Shape]] = [(1, 8, 8)]
    num_outputs: ClassVar[int] = 3
    nets: ClassVar[int] = 6
    """How many nets of each shape most tests build."""

    def build(self, value: Any, input_shape: Shape, num_outputs: int) -> nn.Module:
        """Build a net; that of the space file, unless a subclass does it."""
        made = self.make()
        if not isinstance(made, LoadedSpace):
            raise NotImplementedError("say in build() how a net is built, or load a space file")
        net: nn.Module = made.build(value, input_shape, num_outputs)
        return net

    def some(self, count: int = 0, seed: int = 0) -> Iterator[Architecture]:
        """Draw the architectures of which nets are built."""
        rng, space = np.random.default_rng(seed), self.space
        return (sample(space, rng) for _ in range(count or self.nets))

    def built(self, value: Any, input_shape: Shape, seed: int = 0) -> nn.Module:
        """Build a net of which lazy layers have their shapes, with weights that a seed decides."""
        torch.manual_seed(seed)
        net = self.build(value, input_shape, self.num_outputs)
        assert isinstance(net, nn.Module), f"build returned a {type(net).__name__}"
        with torch.no_grad():
            net.eval()(torch.zeros(2, *input_shape))
        return net

    def batch(self, input_shape: Shape, size: int = 2) -> Tensor:
        """Return normal inputs, always the same ones."""
        return torch.randn(size, *input_shape, generator=torch.Generator().manual_seed(0))

    def test_a_net_has_the_outputs_that_were_asked_for(self, shape: Shape) -> None:
        """One finite number a sample and output, in training and in use."""
        for architecture in self.some():
            net = self.built(architecture.value, shape)
            for mode in (True, False):
                outputs = net.train(mode)(self.batch(shape))
                assert isinstance(outputs, Tensor)
                assert outputs.is_floating_point(), architecture.value
                assert outputs.shape == (2, self.num_outputs), architecture.value
                assert torch.isfinite(outputs).all(), architecture.value

    def test_every_parameter_gets_a_gradient(self, shape: Shape) -> None:
        """A step of training reaches every weight, with finite numbers."""
        for architecture in self.some():
            self.check_gradients(architecture, shape)

    def check_gradients(self, architecture: Architecture, shape: Shape) -> None:
        """Check one net."""
        net = self.built(architecture.value, shape).train()
        labels = torch.tensor([0, self.num_outputs - 1])
        loss = torch.nn.functional.cross_entropy(net(self.batch(shape)), labels)
        torch.autograd.backward(loss)
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None, f"{name} has no gradient: {architecture.value}"
            assert torch.isfinite(parameter.grad).all(), f"{name}: {architecture.value}"

    def test_a_net_can_be_used_on_one_sample(self, shape: Shape) -> None:
        """A batch of one has as many outputs, which do not depend on who else is in the batch."""
        for architecture in self.some(3):
            net = self.built(architecture.value, shape).eval()
            batch = self.batch(shape, 3)
            with torch.no_grad():
                alone, together = net(batch[:1]), net(batch)
            assert torch.allclose(alone, together[:1], atol=1e-4, rtol=1e-3), architecture.value

    def test_the_same_seed_builds_the_same_net(self, shape: Shape) -> None:
        """Weights come from torch's generator alone, and another seed gives others."""
        for architecture in self.some(2):
            one, again, other = (self.built(architecture.value, shape, seed) for seed in (1, 1, 2))
            assert _same(one, again), architecture.value
            parameters = sum(p.numel() for p in one.parameters())
            assert not parameters or not _same(one, other), architecture.value

    def test_weights_are_taken_by_another_net(self, shape: Shape) -> None:
        """What a net has learned is in its state: resuming and exporting rest on that."""
        for architecture in self.some(2):
            one = self.built(architecture.value, shape, 1).eval()
            other = self.built(architecture.value, shape, 2).eval()
            other.load_state_dict(one.state_dict())
            with torch.no_grad():
                assert torch.equal(one(self.batch(shape)), other(self.batch(shape)))

    def test_building_leaves_the_architecture_as_it_is(self, shape: Shape) -> None:
        """A value is the same after its net was built."""
        for architecture in self.some(2):
            before = json.dumps(architecture.value)
            self.build(architecture.value, shape, self.num_outputs)
            assert json.dumps(architecture.value) == before

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that takes a `shape` with each of the shapes."""
        if "shape" in metafunc.fixturenames:
            shapes = ["x".join(map(str, shape)) for shape in self.input_shapes]
            metafunc.parametrize("shape", self.input_shapes, ids=shapes)


def _same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two nets have the same parameters."""
    pairs = zip(one.named_parameters(), other.named_parameters(), strict=True)
    return all(n == m and torch.equal(p, q) for (n, p), (m, q) in pairs)
