"""The house rule of DESIGN: what a library keeps private is used in one file, which says so."""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "raynas"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "search_spaces" not in p.parts)

PRIVATE_OF: dict[str, tuple[str, ...]] = {
    "ray": ("engine/ray_private.py", "engine/trials/ray_train_private.py"),
    "pytorch_lightning": ("training/lightning_private.py",),
    "lightning_fabric": ("training/lightning_private.py",),
    "optuna": ("strategies/optuna_study.py",),
    "torch": ("networks/torch_private.py", "nets/macs.py"),
}
"""The file that may use what a library keeps private; of any other library, none may.

Of PyTorch's there are two: its operations have no other names than those that are counted by. Of
Ray's, too: Ray Train takes a second to load.
"""

UNDOCUMENTED = re.compile(
    r"ray\.(?:core\.generated|experimental\.internal_kv|train\.v2|tune\.execution)\b"
)
"""Modules that are private, though their names do not say so."""
UNDOCUMENTED_NAMES = {
    "backend_cls", "get_live_trials", "health_check_failure", "pickled_error_file",
    "system_attrs", "temporary_state", "worker_failures",
}  # fmt: skip
"""The same, of attributes."""


def where_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names(source: str, own: set[str]) -> Iterator[tuple[str | None, str]]:
    """Yield what source code uses that a library keeps private, after the library if it is known.

    That is what it imports, and attributes that `own`, the names in our own code, does not have.
    """
    for node in ast.walk(ast.parse(source)):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in found:
            library, *parts = name.split(".")
            if library != "raynas" and (UNDOCUMENTED.match(name) or any(map(is_private, parts))):
                yield library, name
        attribute = node.attr if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr"):
            attribute = getattr(node.args[1], "value", None)
        if not isinstance(attribute, str) or attribute in own:
            continue
        if attribute in UNDOCUMENTED_NAMES or is_private(attribute):
            yield None, attribute


def names_bound(trees: Iterable[ast.AST]) -> set[str]:
    """List what code calls its own: functions, classes, variables and attributes of `self`."""
    names: set[str] = set()
    for node in chain.from_iterable(map(ast.walk, trees)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return names - UNDOCUMENTED_NAMES


DOCUMENTED = {"_asdict", "_fields", "_make", "_replace", "_current_frames", "_exit"}
"""Public, though they begin so: of named tuples, and of Python's sys and os."""
OWN_NAMES = DOCUMENTED | names_bound(
    ast.parse(path.read_text(encoding="utf-8")) for path in MODULES
)


@pytest.mark.parametrize(
    ("source", "library"),
    [
        ("from torch.nn.modules.batchnorm import _BatchNorm", "torch"),
        ("import ray._private.worker", "ray"),
        ("from ray.tune.execution import tune_controller", "ray"),
        ("import ray\nray._raylet.x()", None),
        ("trial._suggest(name)", None),
        ("getattr(failure, '_base_exc', failure)", None),
        ("trial.temporary_state.ray_actor", None),
    ],
)
def test_a_private_name_is_seen(source: str, library: str | None) -> None:
    assert [found for found, _ in private_names(source, {"_own"})] == [library]
    assert not list(private_names("self._own = other._own; import ray.tune", {"_own"}))


@pytest.mark.parametrize("path", MODULES, ids=where_of)
def test_what_a_library_keeps_private_is_used_in_one_file(path: Path) -> None:
    where, source = where_of(path), path.read_text(encoding="utf-8")
    for library, name in private_names(source, OWN_NAMES):
        if library is None:
            assert where in chain(*PRIVATE_OF.values()), f"{name} is private: see PRIVATE_OF"
        else:
            assert where in PRIVATE_OF.get(library, ()), f"{name} is private: see PRIVATE_OF"
