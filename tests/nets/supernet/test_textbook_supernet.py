"""Ours against the textbook's supernet, which scripts/bench_supernet.py measures it against."""

import importlib
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"


def test_losses_and_gradients_of_both_steps_are_the_textbooks(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    bench = importlib.import_module("bench_supernet")
    assert bench.check_equal(2, 3) < 1e-10


def test_a_difference_is_seen(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    bench = importlib.import_module("bench_supernet")

    right = bench.first_order_gradients

    def nearly(*arguments):
        return [gradient * (1 + 1e-6) for gradient in right(*arguments)]

    monkeypatch.setattr(bench, "first_order_gradients", nearly)
    with pytest.raises(SystemExit, match="the textbook's differ by"):
        bench.check_equal(2, 3)
