"""How the tests of a contract are run outside pytest, and which there are."""

import inspect
from typing import Any


def run(contract: Any, name: str, **usual: Any) -> None:
    """Run one test of a contract."""
    test = getattr(contract, f"test_{name}")
    test(**{given: usual[given] for given in inspect.signature(test).parameters})


def checks_of(contract: type) -> set[str]:
    """The names of its tests."""
    return {name.removeprefix("test_") for name in dir(contract) if name.startswith("test_")}
