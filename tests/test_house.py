"""The house rules of DESIGN that no linter knows."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "raynas"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "search_spaces" not in p.parts)
SOURCES = [
    path
    for folder in ("raynas", "search_spaces", "scripts", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

MAY_IMPORT: dict[str, set[str]] = {
    "options": set(),
    "pareto": set(),
    "preparation": set(),
    "space": set(),
    "space/relaxation": {"space"},
    "data": {"options", "preparation"},
    "nets/layers": set(),
    "nets/supernet": {"space", "space/relaxation", "nets/layers"},
    "nets/chains": {"space", "space/relaxation", "nets/layers", "nets/supernet"},
    "nets/cells": {"space", "space/relaxation", "nets/layers", "nets/supernet"},
    "nets": {"preparation", "nets/cells", "nets/chains", "nets/layers", "nets/supernet"},
    "training": {"options", "space", "data", "nets"},
    "training/darts": {
        "options", "space", "space/relaxation", "data", "nets", "nets/layers", "training",
    },
    "strategies/proposal": {"options", "space"},
    "strategies/surrogate": {"space", "strategies/proposal"},
    "strategies": {
        "options", "space", "space/relaxation", "strategies/proposal", "strategies/surrogate",
    },
    "tune": {"space", "strategies"},
    "runs/files": set(),
    "runs": {"options", "pareto", "preparation", "space", "strategies", "runs/files"},
    "runs/integrity": {"options", "space", "strategies", "runs", "runs/files"},
    "report/drawing": {"space", "runs"},
    "report/facts": {"options", "runs", "strategies", "report/drawing"},
    "report/sections": {
        "space", "space/relaxation", "runs", "report/drawing", "report/facts",
    },
    "report": {
        "options", "space", "runs", "report/drawing", "report/facts", "report/sections",
    },
    "simulation": {"options", "space", "strategies"},
    "networks": {
        "options", "preparation", "space", "nets", "data", "runs", "runs/integrity",
    },
    "engine/ray_private": set(),
    "engine/trials": {
        "options", "space", "data", "training", "training/darts", "runs", "runs/files",
        "runs/integrity", "engine/ray_private",
    },
    "engine/ledger": {
        "options", "strategies", "tune", "runs", "runs/files", "runs/integrity", "engine/trials",
    },
    "engine/local_ray": {"options", "runs", "engine/ray_private", "engine/trials"},
    "engine": {
        "options", "space", "data", "nets", "training", "training/darts", "strategies", "tune",
        "runs", "runs/files", "runs/integrity", "networks", "report", "engine/ray_private",
        "engine/local_ray", "engine/trials", "engine/ledger",
    },
    "results": {
        "options", "space", "data", "nets", "training", "runs", "runs/files", "runs/integrity",
        "networks", "engine",
    },
    "terminal": {
        "options", "space", "data", "nets", "strategies", "runs", "engine", "engine/ledger",
    },
    "run": {"options", "space", "nets", "runs", "networks", "report", "results", "terminal"},
    "testing": {
        "data", "runs", "space", "space/relaxation", "strategies", "training",
    },
    "api": {"run", "options", "space", "runs", "simulation", "engine", "terminal"},
    "__init__": {"api", "run", "runs", "networks"},
    "cli": {
        "__init__", "options", "runs", "simulation", "report", "engine", "engine/local_ray",
        "results", "terminal",
    },
    "__main__": {"cli"},
}  # fmt: skip
"""Which room may import which others, one way only; a room inside another one is named."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "ray": ("tune.py", "engine/"),
    "lightning": ("training/",),
    "pytorch_lightning": ("training/",),
    "lightning_fabric": ("training/",),
    "torch": (
        "nets/",
        "data/",
        "training/",
        "networks/",
        "engine/",
        "results/",
        "testing/",
        "strategies/controller.py",
        "strategies/surrogate/ensemble.py",
    ),
    "torchmetrics": ("training/",),
    "pyarrow": ("runs/", "data/", "simulation/"),
    "optuna": ("strategies/optuna.py", "strategies/optuna_study.py"),
    "scipy": ("strategies/surrogate/",),
    "onnxruntime": ("networks/",),
    "torchao": ("networks/int8.py",),
    "safetensors": ("networks/",),
    "pandas": ("run.py",),
    "typer": ("cli/",),
    "rich": ("cli/", "terminal/", "run.py"),
    "jinja2": ("report/",),
    "mlflow": ("engine/tracking.py", "training/step_logs.py"),
}
"""Where a third-party library may be imported."""

MACHINE_PATH = re.compile(r"(?<![\w/.:$}-])(?:/(?:home|Users|root|work|mnt)/\w|[A-Z]:\\Users\\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).with_suffix("").parts[: -node.level or None]
            base = ".".join((*(package if node.level else ()), *filter(None, [node.module])))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    """Return the room that a module ("raynas.nets.cells.phases") is in: the innermost one."""
    parts = module.split(".")[1:]
    if len(parts) == 1 and parts[0].startswith("__") and module != "raynas.__main__":
        return "__init__"  # what it has of its own, as __version__
    rooms = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    return next((room for room in rooms if room in MAY_IMPORT), module)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(module_of(path))
    assert room in MAY_IMPORT, f"say in MAY_IMPORT what {room} may import"
    for name in imports(path):
        if name.startswith("raynas."):
            assert room_of(name) in MAY_IMPORT[room] | {room}, f"{room} must not import {name}"


def test_the_table_of_rooms_has_no_cycle() -> None:
    done: set[str] = set()
    while left := {room: needs - done for room, needs in MAY_IMPORT.items() if room not in done}:
        ready = {room for room, needs in left.items() if not needs}
        assert ready, f"these import each other: {sorted(left)}"
        done |= ready


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_lives_in_its_place(path: Path) -> None:
    where = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        places = ONLY_IN.get(name.partition(".")[0])
        assert places is None or where.startswith(places), f"{name} belongs to {places}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", [p for p in MODULES if p.stem == "__init__"], ids=name_of)
def test_exports_are_explicit(path: Path) -> None:
    """`__all__` lists every public name that an `__init__` binds."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bound: set[str] = set()
    listed: list[str] = []
    guarded = [node.body for node in tree.body if isinstance(node, ast.If)]
    for node in chain(tree.body, *guarded):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names)
            if (getattr(node, "module", None) or "").partition(".")[0] == "raynas":
                bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if names == {"__all__"} and node.value is not None:
                listed = ast.literal_eval(node.value)
            bound |= names - {"__all__"}
    public = {name for name in bound if not name.startswith("_") or name == "__version__"}
    assert set(listed) == public
    assert len(set(listed)) == len(listed)


def test_no_folder_has_more_than_14_files() -> None:
    for folder in {path.parent for path in MODULES} - {PACKAGE / "report/sections"}:
        files = [path for path in folder.iterdir() if path.is_file()]
        assert len(files) <= 14, f"{name_of(folder)} has {len(files)} files"


def test_files_are_short() -> None:
    assert median(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES) <= 120


MIRRORS = {"relaxed_chain"}
"""The two sides of a relaxed chain: its space, and its net."""


def test_one_name_has_one_meaning() -> None:
    stems = Counter(path.stem for path in MODULES if path.stem != "__init__")
    assert {stem for stem, count in stems.items() if count > 1} == MIRRORS
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in MODULES)
    classes = Counter(
        node.name
        for node in chain.from_iterable(map(ast.walk, trees))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not {name for name, count in classes.items() if count > 1}


SAYS_NOTHING = {"found", "own", "given", "told", "said"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_variables_say_what_they_hold(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    assert not (bound | {n.arg for n in nodes if isinstance(n, ast.arg)}) & SAYS_NOTHING


def test_no_file_knows_a_machine() -> None:
    """No absolute path of somebody's home or workplace stands in a file that git keeps."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found += [f"{name}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert not found
