"""`raynas.testing` as somebody else finds it: without pytest, and in a test file of their own."""

import os
import subprocess
import sys
from pathlib import Path

import raynas

ROOT = str(Path(raynas.__file__).parents[1])
OWN = """
from raynas.space import sample
from raynas.strategies import Proposal, Strategy
from raynas.testing import StrategyContract


class Mine(Strategy):
    def propose(self, rng):
        return Proposal(sample(self.space, rng){wrong})


class TestMine(StrategyContract):
    def make(self, space, seed, **options):
        return Mine(space, seed=seed, **options)
"""


def python(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_without_pytest_it_says_what_is_needed(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pytest'] = None; import raynas.testing"
    ended, said = python(tmp_path, "-c", code)
    assert ended == 1
    assert said.splitlines()[-1] == (
        "ImportError: raynas.testing needs pytest, which raynas itself does not: pip install pytest"
    )


def test_strategies_are_checked_without_torch_and_ray(tmp_path: Path) -> None:
    code = (
        "import sys; from raynas.testing import StrategyContract; "
        "sys.exit(bool({'torch', 'ray'} & set(sys.modules)))"
    )
    assert python(tmp_path, "-c", code) == (0, "")


def test_a_strategy_of_somebody_else_in_a_folder_of_theirs(tmp_path: Path) -> None:
    pytest_ = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
    (tmp_path / "test_mine.py").write_text(OWN.format(wrong=""))
    ended, said = python(tmp_path, *pytest_)
    assert ended == 0, said
    assert "passed" in said
    (tmp_path / "test_mine.py").write_text(OWN.format(wrong=", parents=(self.next_number,)"))
    ended, said = python(tmp_path, *pytest_, "--import-mode=importlib", "-k", "stay_in or another")
    assert ended == 1
    assert "6 failed, 1 passed" in said
    assert "parent" in said
