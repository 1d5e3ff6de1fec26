"""Space files: found by name or path, and one clear line for each way to be broken."""

from pathlib import Path

import numpy as np
import pytest
from ray import cloudpickle

from raynas.space import bundled_spaces, load_space, load_space_source, sample, size, walk

GOOD = '''
"""Two widths.

The rest of the docstring.
"""
from raynas.space import Choice, Record

space = Record(units=Choice([8, 16]))

def build(value, input_shape, num_outputs):
    return ("net", value["units"], input_shape, num_outputs)

def key(architecture):
    return f"units-{architecture.value['units']}"
'''
BUILD = "\ndef build(value, input_shape, num_outputs): ...\n"


@pytest.mark.parametrize("name", bundled_spaces())
def test_bundled_spaces_load_by_name(name: str) -> None:
    loaded = load_space(name)
    assert loaded.name == name
    assert loaded.doc.partition("\n")[0] == bundled_spaces()[name] != ""
    again = load_space_source(loaded.source, loaded.name)
    for seed in range(5):
        one, other = (sample(s.space, np.random.default_rng(seed)) for s in (loaded, again))
        assert one == other


def test_a_users_file_loads_by_path(tmp_path: Path) -> None:
    file = tmp_path / "my_space.py"
    file.write_text(GOOD)
    loaded = load_space(str(file))
    assert (loaded.name, loaded.source, loaded.path) == ("my_space", GOOD, str(file))
    assert loaded.doc.startswith("Two widths.")
    assert size(loaded.space) == 2
    architecture = walk(loaded.space, lambda decision: 1)[0]
    assert loaded.build(architecture.value, (1, 8, 8), 10) == ("net", 16, (1, 8, 8), 10)
    assert loaded.key is not None
    assert loaded.key(architecture) == "units-16"


def test_a_file_may_import_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "widths_of_neighbour.py").write_text("WIDTHS = [1, 2, 3]\n")
    file = tmp_path / "main.py"
    file.write_text(GOOD.replace("[8, 16]", "__import__('widths_of_neighbour').WIDTHS"))
    assert size(load_space(str(file)).space) == 3


def test_a_file_may_define_dataclasses(tmp_path: Path) -> None:
    file = tmp_path / "typed.py"
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    file.write_text(head + "@dataclass\nclass Options:\n    width: int = 8\n" + GOOD)
    assert size(load_space(str(file)).space) == 2


def test_what_a_file_defines_is_pickled_by_value() -> None:
    function = GOOD.replace("space = Record", "def space(pick): return Record").replace(
        "16]))", "16]))(pick)"
    )
    loaded = cloudpickle.loads(cloudpickle.dumps(load_space_source(function, "sent")))  # type: ignore[no-untyped-call]  # ray.cloudpickle is not typed
    assert size(loaded.space) == 2


BROKEN = {
    "syntax": ("x = 1\nspace = = 2\n", r", line 2: SyntaxError: invalid syntax"),
    "indentation": ("x = 1\n  y = 2\n", r", line 2: IndentationError: unexpected indent"),
    "null byte": ("x = '\0'\n", r"null bytes"),
    "exception": ("\n\nx = {}['units']\n", r", line 3: KeyError: 'units'"),
    "deep exception": (
        "def f():\n    raise TypeError('first\\nsecond')\n\nf()\n",
        r", line 2: TypeError: first$",
    ),
    "exit": ("import sys\nsys.exit(0)\n", r", line 2: SystemExit: 0"),
    "import": ("import no_such_module_here\n", r", line 1: ModuleNotFoundError: No module named"),
    "bad node": (
        "from raynas.space import Choice\nspace = Choice([])\n",
        r", line 2: ValueError: Choice: options must not be empty",
    ),
    "no space": (BUILD, r"`space` is missing or cannot be called; a space file defines"),
    "space no callable": ("space = [1, 2]" + BUILD, r"`space` is missing or cannot be called"),
    "no build": ("space = lambda pick: 1\n", r"`build` is missing or cannot be called"),
    "key no callable": (
        "space = lambda pick: 1\nkey = 'units'" + BUILD,
        r"`key` must be a function of an architecture, got 'units'",
    ),
    "walk raises": (
        "def space(pick):\n    return {}['units']\n" + BUILD,
        r", line 2: walking `space` failed: KeyError: 'units'",
    ),
    "walk gives no JSON": (
        "space = lambda pick: object()\n" + BUILD,
        r"walking `space` failed: ValueError: an architecture must be plain JSON data",
    ),
    "asks twice": (
        "from raynas.space import choose\n"
        "def space(pick):\n"
        "    return [choose(pick, 'op', [1, 2]) for _ in range(2)]\n" + BUILD,
        r", line 3: walking `space` failed: ValueError: the space asks 'op' twice",
    ),
}


@pytest.mark.parametrize(("source", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_gives_one_clear_line(source: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source)
    with pytest.raises(ValueError, match=message) as raised:
        load_space(str(file))
    text = str(raised.value)
    assert text.startswith(f"space file {file}")
    assert "\n" not in text


def test_an_unknown_name_lists_the_legal_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown space 'nope'; expected one of .*Python file"):
        load_space("nope")


def test_a_missing_folder_or_undecodable_file_is_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    folder = tmp_path / "folder.py"
    folder.mkdir()
    for path in (tmp_path / "missing.py", binary, folder):
        with pytest.raises(ValueError, match=f"space file {path} cannot be read: ") as raised:
            load_space(str(path))
        assert "\n" not in str(raised.value)
