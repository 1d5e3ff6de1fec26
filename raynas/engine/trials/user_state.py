"""What a user's own modules keep between trials: counters, lists, generators of random numbers."""

import itertools
import random
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from raynas.runs.user_code import is_installed

_DEPTH = 4
_MOST = 1_000
"""How deep and how far to look into containers."""
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_CONTAINERS = (list, tuple, set, frozenset, deque)
_NOTHING = (type(None), "None")
_SET_BY_US = ("batch_size",)
"""What a trial sets in a data module itself."""

_OTHERS = ("__main__", "__mp_main__", "raynas", "torch")
"""Modules that are nobody's, or whose files are not where they say."""

Namespace = Mapping[str, Any]


class _Same:
    """Is equal only to the very same object."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._thing is other._thing

    __hash__ = object.__hash__


class UserState:
    """What is kept in some namespaces, by their names."""

    def __init__(self, namespaces: Mapping[str, Namespace]) -> None:
        """Look at it."""
        self._before = {where: _look_at(space) for where, space in namespaces.items()}

    def changes(self, namespaces: Mapping[str, Namespace]) -> Iterator[str]:
        """Yield the full names of what is not what it was.

        What is made when it is needed first, under a new name or one that was None, is no change.
        """
        for where, before in self._before.items():
            now = _look_at(namespaces.get(where, {}))
            for name, view in before.items():
                if view != _NOTHING and now.get(name) != view:
                    yield f"{where}.{name}"


def user_modules() -> dict[str, Namespace]:
    """Return the namespaces of all modules in this process that are the user's own."""
    return {name: vars(sys.modules[name]) for name in sorted(sys.modules) if _is_users(name)}


@cache
def _is_users(name: str) -> bool:
    """Whether an imported module lies in no installation; each is looked at once."""
    path = getattr(sys.modules[name], "__file__", None)
    if not isinstance(path, str) or name.partition(".")[0] in _OTHERS:
        return False
    return path.endswith(".py") and not is_installed(Path(path).parent)


def numbers_of(instance: Any) -> dict[str, Any]:
    """Return the numbers and generators that an object keeps, in which a count would show."""
    kinds = (int, float, random.Random, np.random.Generator, np.random.RandomState, torch.Generator)
    return {
        name: value
        for name, value in getattr(instance, "__dict__", {}).items()
        if isinstance(value, kinds) and not isinstance(value, bool) and name not in _SET_BY_US
    }


def _look_at(namespace: Namespace) -> dict[str, Any]:
    home = str(namespace.get("__name__", ""))
    return {
        name: _view(value, home, _DEPTH)
        for name, value in list(namespace.items())
        if not name.startswith("__") and not isinstance(value, types.ModuleType)
    }


def _view(value: Any, home: str, depth: int) -> Any:
    """Return something that is equal as long as the value is what it was."""
    if isinstance(value, _PLAIN):
        return type(value), repr(value)
    if isinstance(value, itertools.count):
        return repr(value)
    generator = _generator_state(value)
    if generator is not None:
        return generator
    if isinstance(value, Mapping):
        items = list(value.items())[:_MOST] if depth else []
        views = [(_view(k, home, depth - 1), _view(v, home, depth - 1)) for k, v in items]
        return type(value), len(value), views
    if isinstance(value, _CONTAINERS):
        views = [_view(one, home, depth - 1) for one in list(value)[:_MOST]] if depth else []
        return type(value), len(value), views
    if isinstance(value, np.ndarray | torch.Tensor):
        return _Same(value), tuple(value.shape), _sum(value)
    if isinstance(value, types.FunctionType):
        kept = [value.__defaults__, value.__kwdefaults__, vars(value)]
        is_home = value.__module__ == home and depth
        return _Same(value), [_view(one, home, depth - 1) for one in kept] if is_home else []
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__ == home and depth and hasattr(value, "__dict__"):
        parts = {k: v for k, v in vars(value).items() if not k.startswith("__")}
        return _Same(value), _view(parts, home, depth - 1)
    return _Same(value)


def _sum(value: Any) -> float:
    """Return the sum of an array's numbers, which shows that some of them have changed."""
    try:
        return float(value.sum())
    except (TypeError, ValueError, RuntimeError):
        return 0.0


def _generator_state(value: Any) -> Any:
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state())
    return value.get_state().tolist() if isinstance(value, torch.Generator) else None
