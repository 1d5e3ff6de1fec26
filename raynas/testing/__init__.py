"""The contract suites: what a strategy, a space or a data set must do to work with raynas.

They are classes of pytest tests, the same that ours have to pass. Subclass one in a test file and
say how yours is made:

    from raynas.testing import StrategyContract

    class TestMine(StrategyContract):
        def make(self, space, seed, **options):
            return Mine(space, seed=seed, **options)

`SpaceContract` takes a space with what builds its nets, `WalkContract` a space alone, and
`DataContract` a data set. Each test's docstring says what it demands. They need pytest, which
raynas itself does not: pip install pytest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

try:
    import pytest
except ImportError as error:
    raise ImportError(
        "raynas.testing needs pytest, which raynas itself does not: pip install pytest"
    ) from error

if TYPE_CHECKING:
    from raynas.testing.data_contract import DataContract
    from raynas.testing.space_contract import SpaceContract
    from raynas.testing.strategy_contract import StrategyContract
    from raynas.testing.walk_contract import WalkContract

__all__ = ["DataContract", "SpaceContract", "StrategyContract", "WalkContract"]

_HOMES = {
    "DataContract": "data_contract",
    "SpaceContract": "space_contract",
    "StrategyContract": "strategy_contract",
    "WalkContract": "walk_contract",
}
_ASSERTING = (
    "canonical_contract", "data_contract", "driving", "history_contract", "proposals_contract",
    "results_contract", "space_contract", "walk_contract",
)  # fmt: skip

pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _ASSERTING))


def __getattr__(name: str) -> Any:
    """Load a suite when it is first used: torch is loaded for spaces and data only."""
    if name not in _HOMES:
        raise AttributeError(f"module 'raynas.testing' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
