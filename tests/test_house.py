"""The house rules of DESIGN that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

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
    "__init__": {"runs"},
    "space": set(),
    "pareto": set(),
    "nets": {"space"},
    "training": {"space", "nets"},
    "strategies": {"space", "pareto"},
    "runs": {"space", "pareto", "nets", "training", "strategies"},
    "cli": {"runs"},
    "__main__": {"cli"},
}
"""Which part of the package may import which others: one way only."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "ray": ("strategies/base.py", "runs/"),
    "lightning": ("training/",),
    "pytorch_lightning": ("training/",),
    "torch": ("nets/", "training/", "runs/", "strategies/_predictor.py"),
    "scipy": ("strategies/",),
    "onnxruntime": ("runs/programs.py", "runs/int8.py"),
    "torchao": ("runs/int8.py",),
    "safetensors": ("runs/network.py",),
    "pandas": ("runs/",),
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


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what {part} may import"
    for name in imports(path):
        if name.partition(".")[0] == "raynas":
            other = name.split(".")[1]
            assert other in MAY_IMPORT[part] | {part}, f"{part} must not import {name}"


def test_the_table_of_parts_has_no_cycle() -> None:
    done: set[str] = set()
    while left := {p: needs - done for p, needs in MAY_IMPORT.items() if p not in done}:
        ready = {part for part, needs in left.items() if not needs}
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
    assert set(listed) == {name for name in bound if not name.startswith("_")}
    assert len(set(listed)) == len(listed)


def test_importing_raynas_is_fast_and_light() -> None:
    code = (
        "import time, sys; start = time.process_time(); import raynas; "
        "print(time.process_time() - start, *sorted(sys.modules))"
    )
    best = float("inf")
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds, *loaded = done.stdout.split()
        best = min(best, float(seconds))
        assert not {"torch", "ray", "pandas", "pytorch_lightning"} & set(loaded)
    assert best < 0.3


def test_a_run_is_looked_at_without_torch() -> None:
    code = "import sys, raynas.runs.watch, raynas.runs.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_spaces_are_walked_without_torch_or_ray() -> None:
    code = "import sys, raynas.space; sys.exit(bool({'torch', 'ray'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


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
