"""Columns whose values float32 cannot hold are left out, by name."""

import numpy as np
import pytest
from data_cases import load

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions

ROWS = 300
RNG = np.random.default_rng(1)
SECONDS = 1_700_000_000 + RNG.integers(0, 30, ROWS)
LABELS = RNG.integers(0, 3, ROWS)
A = RNG.random(ROWS)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (SECONDS, "its 30 different values become 1 in float32"),
        (SECONDS.astype(float), "its 30 different values become 1 in float32"),
        (2**60 + RNG.permutation(ROWS), "its 300 different values become 1 in float32"),
        (1e-50 * RNG.permutation(ROWS), "its 300 different values become 1 in float32"),
        (10.0 ** RNG.permutation(np.linspace(0, 200, ROWS)), "it has values up to 1.0e+200"),
    ],
    ids=["seconds", "float", "64 bits", "tiny", "too large"],
)
def test_what_float32_cannot_hold_is_left_out_by_name(tmp_path, column, words):
    data = load(tmp_path, {"a": A, "wide": column, "label": LABELS})
    assert data.input_shape == (1,)
    assert "learning from a; left out: wide (" in data.summary()
    (warning,) = data.intake.warnings
    assert warning.startswith(f"column 'wide' is left out: {words}")


@pytest.mark.parametrize(
    "column",
    [
        1_700_000_000 + 86_400 * RNG.integers(0, 3650, ROWS),
        1e3 + RNG.random(ROWS),
        np.full(ROWS, 0.1),
        1e30 * RNG.random(ROWS),
        RNG.lognormal(0, 3, ROWS),
    ],
    ids=["days", "offset", "constant", "large", "heavy tail"],
)
def test_what_float32_holds_well_enough_is_learned_from(tmp_path, column):
    data = load(tmp_path, {"wide": column, "label": LABELS})
    assert data.intake.learned == ["wide"]
    assert data.intake.warnings == []
    seen = (data.inputs["train"] - data.mean) / data.std
    assert len(np.unique(seen)) == len(np.unique(data.inputs["train"]))


def test_an_outlier_that_swallows_the_rest_is_said(tmp_path):
    column = np.r_[RNG.random(ROWS - 1), 1e30]
    data = load(tmp_path, {"a": A, "wide": column, "label": LABELS})
    assert data.intake.warnings == [
        "column 'wide' loses some of its values: 300 different values become 2 in float32"
    ]


def test_nothing_is_left_to_learn_from(tmp_path):
    with pytest.raises(
        ValueError, match=r"nothing to learn from: .*; column 'ts' is left out: its"
    ):
        load(tmp_path, {"ts": SECONDS, "label": LABELS})


def test_a_value_of_the_test_rows_that_is_too_large(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"a": A, "b": A, "label": LABELS})
    frame.to_parquet(tmp_path / "train.parquet")
    frame.assign(b=1e300).to_parquet(tmp_path / "test.parquet")
    data = load_arrays(str(tmp_path), DataOptions())
    assert data.intake.learned == ["a"]
    assert "column 'b' is left out" in data.intake.warnings[0]
