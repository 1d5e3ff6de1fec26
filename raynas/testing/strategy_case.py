"""What the parts of the strategies' contract share: how the strategy is made, on which spaces."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from raynas.space import Node, Space
from raynas.strategies import Strategy
from raynas.testing.driving import drive, ids
from raynas.testing.strategy_spaces import EQUAL_CELLS, SPACES


class StrategyCase:
    """A strategy to test. A subclass implements `make`; the rest has defaults."""

    spaces: ClassVar[Mapping[str, Space]] = SPACES
    """The spaces that it has to search, by a label; leave out what it says it cannot search."""
    equal_cells: ClassVar[Node] = EQUAL_CELLS
    """A space of cells of which some compute the same."""
    seeded: ClassVar[bool] = True
    """Whether another seed makes it propose something else."""

    def make(self, space: Space, seed: int, **options: Any) -> Strategy:
        """Make the strategy, with no history.

        `options` are some of those that every strategy takes: `mode`, `duplicates`, `deduplicate`.
        The tests that need one which is not handed on are skipped.
        """
        raise NotImplementedError("say in make() how your strategy is made")

    def made(self, space: Space, seed: int = 0, **options: Any) -> Strategy:
        """Make the strategy, with exactly these options."""
        strategy = self.make(space, seed, **options)
        for name, wanted in options.items():
            if getattr(strategy.options, name) != wanted:
                pytest.skip(f"make() does not hand on {name}={wanted!r}")
        return strategy

    def sampler(self, space: Space, seed: int = 0, **options: Any) -> Strategy:
        """Make the strategy where it tries one architecture after the other."""
        strategy = self.made(space, seed, **options)
        if strategy.trains_supernets:
            pytest.skip("it trains supernets")
        return strategy

    def home(self) -> Space:
        """Return one of the spaces."""
        return self.spaces.get("ordered") or next(iter(self.spaces.values()))

    def first_proposals(self) -> dict[str, list[str]]:
        """Return how the strategy starts on each space: ids of 12 proposals."""
        return {
            label: ids(drive(self.made(space, seed=3), 12)) for label, space in self.spaces.items()
        }

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that takes a `label` on each of the spaces."""
        if "label" in metafunc.fixturenames:
            metafunc.parametrize("label", list(self.spaces))


def first_proposals_elsewhere(case: StrategyCase) -> dict[str, list[str]]:
    """Return the `first_proposals` of a case in another process, with other hashes of strings.

    The class of the case must stand in a module, not in a function.
    """
    kind = type(case)
    file = sys.modules[kind.__module__].__file__
    program = f"from {__name__} import report; report()"
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program, kind.__module__, str(file), kind.__qualname__],
        env={
            **os.environ,
            "PYTHONHASHSEED": "99",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"another process cannot propose anything: {done.stderr}")
    proposals: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return proposals


def report() -> None:
    """Print the `first_proposals` of the class that the arguments name; in the other process."""
    name, file, qualified = sys.argv[1:]
    try:
        module = importlib.import_module(name)
    except ImportError:  # pytest may import a test file in other ways than Python
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    print(json.dumps(getattr(module, qualified)().first_proposals()))
