"""Class names are what a person wrote; what is no class is refused in one line."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_cases import load

from raynas.data import load_arrays, printable

ROWS = 120
X = np.random.default_rng(0).random(ROWS)
THREE = np.arange(ROWS) % 3


def write(tmp_path, **labels):
    for part, values in labels.items():
        pq.write_table(pa.table({"x": X, "label": values}), tmp_path / f"{part}.parquet")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (pa.int64(), pa.uint64()),
        (pa.int8(), pa.int64()),
        (pa.uint8(), pa.int32()),
        (pa.int64(), pa.float64()),
        (pa.float32(), pa.int16()),
        (pa.decimal128(5, 0), pa.int64()),
        (pa.int64(), pa.dictionary(pa.int8(), pa.uint64())),
        (pa.float16(), pa.float64()),
    ],
    ids=str,
)
@pytest.mark.parametrize("shards", [False, True])
def test_whole_numbers_keep_their_names(tmp_path, train, test, shards):
    def typed(kind):
        if pa.types.is_dictionary(kind):
            return pa.array(THREE, kind.value_type).dictionary_encode()
        values = THREE.astype(np.float16) if pa.types.is_float16(kind) else THREE
        return pa.array(values.tolist() if pa.types.is_decimal(kind) else values, type=kind)

    parts = ("a", "b") if shards else ("train", "test")
    data = load_arrays(write(tmp_path, **dict(zip(parts, map(typed, (train, test)), strict=True))))
    assert data.label_names == ("0", "1", "2")


def test_numbers_beyond_the_range_of_one_type(tmp_path):
    low, high = pa.array([-1, 5] * 60, pa.int64()), pa.array([2**64 - 1, 5] * 60, pa.uint64())
    for parts in ({"train": low, "test": high}, {"a": low, "b": high}):
        folder = tmp_path / "-".join(parts)
        folder.mkdir()
        assert load_arrays(write(folder, **parts)).label_names == ("-1", "5", str(2**64 - 1))


def test_floats_that_pandas_made_of_integers(tmp_path):
    frame = pd.DataFrame({"x": X, "label": [*THREE[:-1], None]}).dropna()
    assert frame.label.dtype == float
    frame.to_parquet(tmp_path / "t.parquet")
    assert load_arrays(str(tmp_path / "t.parquet")).label_names == ("0", "1", "2")


@pytest.mark.parametrize("values", [pa.array([*THREE[:-2], None, None]),
                                    np.r_[THREE[:-2], np.nan, np.nan]])  # fmt: skip
def test_rows_without_a_label_are_counted(tmp_path, values):
    with pytest.raises(
        ValueError, match=r"of train has no value in row 118 \(2 of 120 rows\); expected one in"
    ):
        load(tmp_path, {"x": X, "label": values})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (X, "120 different values in 120 rows"),
        (X.astype(np.float32), "120 different values in 120 rows"),
        (np.floor(1000 * X), "different values in 120 rows"),
        (THREE / 2, "3 different values in 120 rows, such as 0.5"),
        ([f"{x:.3f}" for x in X], None),
        ((1000 * X).astype(int), None),
    ],
    ids=["any", "float32", "whole", "few", "texts", "integers"],
)
def test_regression_is_refused_or_at_least_said(tmp_path, values, words):
    if words is None:
        warning = load(tmp_path, {"x": X, "label": values}).intake.warnings[0]
        assert "different values in 120 rows" in warning
        return
    with pytest.raises(ValueError, match=words) as error:
        load(tmp_path, {"x": X, "label": values})
    assert "this looks like regression, which is not supported" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("test", "kind"),
    [
        (THREE.astype(str), "string"),
        (THREE > 0, "bool"),
    ],
)
def test_labels_of_another_kind_in_another_part(tmp_path, test, kind):
    with pytest.raises(
        ValueError, match=rf"label column 'label' holds int64 in train but {kind} in test; expected"
    ):
        load_arrays(write(tmp_path, train=THREE, test=test))


def test_labels_that_are_dates(tmp_path):
    days = pa.array(THREE.astype("datetime64[D]"))
    with pytest.raises(ValueError, match=r"of train holds date32\[day\]; expected texts, whole"):
        load(tmp_path, {"x": X, "label": days})


def test_texts_are_compared_as_texts(tmp_path):
    names = ["a", "a\0", "a\0\0", "", "\0", "b\n"]
    data = load(tmp_path, {"x": X, "label": names * (ROWS // len(names))})
    assert data.label_names == tuple(sorted(names))
    assert [printable(name) for name in data.label_names] == [
        "", r"\x00", "a", r"a\x00", r"a\x00\x00", r"b\n",
    ]  # fmt: skip
    joined = load(tmp_path, {"x": X, "label": ["a\0b", "c"] * 60})
    apart = load(tmp_path, {"x": X, "label": ["a", "b\0c"] * 60})
    assert joined.fingerprint() != apart.fingerprint()


def test_classes_that_training_lacks_are_named(tmp_path):
    more = np.r_[THREE[:-2], 7, 8]
    data = load_arrays(write(tmp_path, train=THREE, test=more))
    assert data.label_names == ("0", "1", "2", "7", "8")
    assert data.intake.warnings == ["training lacks 2 of 5 classes: 7, 8 (they are in test only)"]
