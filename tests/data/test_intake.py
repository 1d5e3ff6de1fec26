"""What is said of a table: what is learned from, what is left out, what gives the label away."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from data_cases import load

from raynas.data import load_arrays

RNG = np.random.default_rng(0)
ROWS = 120
PLAIN = {"a": RNG.random(ROWS), "label": RNG.integers(0, 3, ROWS)}


def load_frame(tmp_path, frame, **how):
    frame.to_parquet(tmp_path / "t.parquet", **how)
    return load_arrays(str(tmp_path / "t.parquet"))


def frame():
    return pd.DataFrame({**PLAIN, "b": RNG.random(ROWS)})


@pytest.mark.parametrize(
    ("indexed", "said"),
    [
        (frame().sample(frac=1, random_state=0),
         "left out: __index_level_0__ (int64, the index of a pandas frame)"),
        (frame().rename_axis("id").sample(frac=1, random_state=0),
         "left out: id (int64, the index of a pandas frame)"),
        (frame().set_index([RNG.permutation(ROWS), RNG.permutation(ROWS)]),
         "left out: __index_level_0__ (int64, the index of a pandas frame), "
         "__index_level_1__ (int64, the index of a pandas frame)"),
        (frame(), None),  # a range, of which only a description is stored
        (frame()[::-1], None),
    ],
    ids=["no name", "a name", "two levels", "range", "range with a step"],
)  # fmt: skip
def test_the_index_of_a_frame_is_no_feature(tmp_path, indexed, said):
    data = load_frame(tmp_path, indexed)
    assert data.input_shape == (2,)
    assert data.intake.learned == ["a", "b"]
    assert said in data.summary() if said else "left out" not in data.summary()


def test_an_index_is_known_where_the_metadata_is_gone(tmp_path):
    shuffled = pa.Table.from_pandas(frame().sample(frac=1, random_state=0))
    data = load(tmp_path, shuffled.replace_schema_metadata(None))
    assert data.intake.learned == ["a", "b"]
    assert "__index_level_0__" in data.summary()


def test_an_index_of_one_file_only(tmp_path):
    frame().to_parquet(tmp_path / "a.parquet")
    frame().sample(frac=1, random_state=0).to_parquet(tmp_path / "b.parquet")
    data = load_arrays(str(tmp_path))
    assert data.input_shape == (2,)
    assert "left out: __index_level_0__" in data.summary()


def test_an_index_that_is_the_label_is_the_label(tmp_path):
    frame().set_index("label").to_parquet(tmp_path / "t.parquet")
    assert load_arrays(str(tmp_path / "t.parquet")).intake.learned == ["a", "b"]


def test_metadata_that_cannot_be_read_changes_nothing(tmp_path):
    for broken in (b"{", b"[]", b'{"index_columns": 3}', b"\xff"):
        table = pa.table(PLAIN).replace_schema_metadata({b"pandas": broken})
        assert load(tmp_path, table).intake.learned == ["a"]


def test_what_is_left_out_is_named_with_its_type(tmp_path):
    table = pa.table(
        {
            **PLAIN,
            "city": ["x"] * ROWS,
            "name": [f"n{i}" for i in range(ROWS)],
            "day": pa.array(np.full(ROWS, np.datetime64("2020-01-01"))),
            "emb": pa.array([[1.0] * (i % 3) for i in range(ROWS)]),
            "words": pa.array([["a"]] * ROWS),
            "where": pa.array([{"x": 1, "y": 2}] * ROWS),
            "nothing": pa.nulls(ROWS),
            "empty": pa.array([None] * ROWS, pa.float64()),
            "tab\tand\nline": ["x"] * ROWS,
        }
    )
    summary = load(tmp_path, table).summary()
    assert (
        "learning from a; left out: words (list<element: string>), "
        "where (struct<x: int64, y: int64>), nothing (null), "
        "city (string, one value in all rows), "
        "name (string, 72 different texts in 72 rows: ids or sentences), "
        "day (date32[day], one date in all rows), "
        "emb (list<element: double>, lists of 0 to 2 numbers), empty (double, nothing in it), "
        "tab\\tand\\nline (string, one value in all rows)"
    ) in summary
    assert "\n" not in summary


def test_truth_values_and_decimals_are_numbers_and_that_is_said(tmp_path):
    prices = [Decimal(f"{i}.{i % 100:02}") for i in RNG.integers(0, 500, ROWS).tolist()]
    columns = {**PLAIN, "price": prices, "big": pa.array([True, False] * (ROWS // 2))}
    data = load(tmp_path, columns)
    assert "learning from a, price (decimal128(5, 2) as float), big (bool as 0 and 1)" in (
        data.summary()
    )
    everything = np.concatenate([data.inputs[split] for split in data.inputs])
    assert sorted(everything[:, 1]) == pytest.approx(sorted(map(float, prices)))
    assert sorted(everything[:, 2]) == [0] * (ROWS // 2) + [1] * (ROWS // 2)


def test_many_columns_are_counted(tmp_path):
    names = [f"f{i}" for i in range(30)]
    data = load(tmp_path, {"label": PLAIN["label"], **dict.fromkeys(names, PLAIN["a"])})
    assert "learning from f0, f1, f2," in data.summary()
    assert "f19 and 10 more" in data.summary()


def test_every_column_with_infinite_values_is_in_one_line(tmp_path):
    wild, large = PLAIN["a"].copy(), [*PLAIN["a"]]
    wild[[2, 5, 9]] = np.inf, np.nan, -np.inf
    large[3] = np.inf
    with pytest.raises(
        ValueError,
        match=r"^column 'wild' of train has inf in row 2 \(2 of 120 rows\); column 'large' of "
        r"train has inf in row 3 \(1 of 120 rows\); expected finite numbers or nothing",
    ):
        load(tmp_path, {**PLAIN, "wild": wild, "large": large})


SORTED = np.repeat([0, 1, 2], ROWS // 3)


@pytest.mark.parametrize(
    ("column", "labels", "words"),
    [
        (np.arange(ROWS), SORTED, "alone tells the label of 100 % of the rows"),
        (1000 - 7 * np.arange(ROWS), SORTED, "alone tells the label of 100 % of the rows"),
        (np.array([5.0, -1.0, 2.0])[SORTED], SORTED, "alone tells the label of 100 % of"),
        (SORTED + RNG.normal(0, 0.05, ROWS), SORTED, "alone tells the label of 100 % of"),
        (np.sort(RNG.integers(0, 10**6, ROWS)), SORTED, "alone tells the label of 100 % of"),
        (np.argsort(np.argsort(SORTED + RNG.normal(0, 0.4, ROWS))), SORTED,
         "has another whole number in nearly each row, in step with the label"),
        (np.arange(ROWS), PLAIN["label"], None),
        (RNG.random(ROWS), PLAIN["label"], None),
        (np.arange(ROWS), np.r_[np.zeros(ROWS - 3, int), 1, 1, 1], None),  # may be chance
        (SORTED + RNG.normal(0, 0.6, ROWS), SORTED, None),  # a good feature
    ],
    ids=["row number", "falling", "code", "measured", "ids", "nearly sorted", "no sign", "random",
         "few", "good"],
)  # fmt: skip
def test_a_column_that_gives_the_label_away_is_named(tmp_path, column, labels, words):
    data = load(tmp_path, {"a": PLAIN["a"], "mine": column, "label": labels})
    if words is None:
        assert data.intake.warnings == []
    else:
        (warning,) = data.intake.warnings
        assert warning.startswith(f"column 'mine' {words}")
    assert data.input_shape == (2,)
