"""Whether the libraries of a process are still what they were: a candidate may patch them."""

import builtins
import importlib
import math
import random
import sys
import time
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LIBRARIES = ("torch", "numpy", "torchmetrics", "pytorch_lightning", "lightning_fabric", "raynas")
_SELDOM = (
    "torch.testing",
    "torch.compiler",
    "torch._inductor",
    "torch._dynamo",
    "torch.fx",
    "torch.onnx",
)
"""Large parts that no candidate trains with, and that fill themselves while they are used."""
_PYTHON = (builtins, math, random, time)
_HOOKS = "torch.nn.modules.module"
"""Where PyTorch keeps the hooks of all modules, in dictionaries of the module."""

_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    type,
    staticmethod,
    classmethod,
    property,
)


class Patches:
    """The functions, classes and methods of the libraries that candidates are trained with."""

    def __init__(self) -> None:
        """Look at all of them."""
        self._entries: list[tuple[str, Any, str, object]] = []
        self._classes: list[tuple[type, frozenset[str]]] = []
        self._modules = [
            (name, sys.modules[name]) for name in sorted(sys.modules) if _is_ours(name)
        ]
        seen: set[int] = set()
        for name, module in [*self._modules, *((m.__name__, m) for m in _PYTHON)]:
            self._add(name, vars(module))
            for value in list(vars(module).values()):
                if _is_class_of(value, name) and id(value) not in seen:
                    seen.add(id(value))
                    self._add(f"{name}.{value.__qualname__}", vars(value))
                    self._classes.append((value, frozenset(vars(value))))
        hooks = vars(importlib.import_module(_HOOKS))
        self._hooks = [(k, v, len(v)) for k, v in hooks.items() if isinstance(v, OrderedDict)]

    def _add(self, where: str, namespace: Any) -> None:
        for name, value in list(namespace.items()):
            if issubclass(type(value), _CODE):
                self._entries.append((where, namespace, name, value))

    def changes(self) -> Iterator[str]:
        """Yield the full names of what is another thing now than it was."""
        for where, namespace, name, value in self._entries:
            now = namespace.get(name)
            if (
                now is not value
                and not _is_rays(now)
                and not _is_wrapped_by_its_library(now, value)
            ):
                yield f"{where}.{name}"
        for name, module in self._modules:
            if sys.modules.get(name) is not module:
                yield name
        for name, hooks, count in self._hooks:
            if len(hooks) != count:
                yield f"{_HOOKS}.{name}"
        for kind, names in self._classes:
            if len(vars(kind)) > len(names):
                for name in vars(kind).keys() - names:
                    if _changes(kind, name):
                        yield f"{kind.__module__}.{kind.__qualname__}.{name}"


def _is_rays(now: Any) -> bool:
    """Whether Ray has put it there, as its `print`, which spares its progress bars."""
    return str(getattr(now, "__module__", "")).partition(".")[0] == "ray"


def _is_wrapped_by_its_library(now: Any, value: Any) -> bool:
    """Whether a library has wrapped its own function, as PyTorch does an optimiser's `step`."""
    if getattr(now, "__wrapped__", None) is not value or not hasattr(value, "__module__"):
        return False
    home = getattr(sys.modules.get(value.__module__.partition(".")[0]), "__file__", None)
    code = getattr(now, "__code__", None)
    return bool(home and code and Path(home).parent in Path(code.co_filename).parents)


def _changes(kind: type, name: str) -> bool:
    """Whether a new name in a class is code, and other code than the class had by its bases."""
    value = vars(kind)[name]
    bases = (vars(base) for base in kind.__mro__[1:])
    inherited = next((base[name] for base in bases if name in base), None)
    return issubclass(type(value), _CODE) and value is not inherited


def _is_class_of(value: Any, module: str) -> bool:
    return issubclass(type(value), type) and value.__module__ == module


def _is_ours(name: str) -> bool:
    """Whether a module belongs to one of the libraries."""
    return name.partition(".")[0] in _LIBRARIES and not name.startswith(_SELDOM)
