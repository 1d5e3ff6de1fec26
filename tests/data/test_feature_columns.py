"""Columns of every kind become inputs, fitted on the training rows, and so do a person's rows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import torch
from data_cases import load
from torch import nn

from raynas.data import load_arrays
from raynas.data.array_data import SPLITS
from raynas.nets import Network
from raynas.options.data_options import DataOptions

ROWS = 200
RNG = np.random.default_rng(0)


def mixed():
    """A table with a column of each kind; every row has an id, by which it is known again."""
    numbers = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "number": RNG.normal(5, 2, ROWS),
            "city": RNG.choice(["Rome", "Oslo", "Lima"], ROWS),
            "seen": pd.Timestamp("2020-02-27") + pd.to_timedelta(97 * numbers, unit="h"),
            "yes": numbers % 2 == 0,
            "label": RNG.choice(["a", "b"], ROWS),
        }
    )
    frame.loc[::9, "number"] = None
    frame.loc[::7, "city"] = None
    frame.loc[::11, "seen"] = None
    frame["list"] = [None if i % 13 == 0 else [i / 7, 1.5] for i in numbers]
    return frame


@pytest.fixture
def loaded(tmp_path):
    frame = mixed()
    frame.assign(row=np.arange(ROWS)).to_parquet(tmp_path / "t.parquet")
    data = load_arrays(str(tmp_path / "t.parquet"))
    place = data.preparation.inputs.index("row")
    rows = {split: data.inputs[split][:, place].astype(int) for split in SPLITS}
    return frame, data, rows


def test_each_kind_has_its_inputs(loaded):
    _, data, _ = loaded
    assert data.preparation.inputs == [
        "number", "number is missing",
        "city=Lima", "city=Oslo", "city=Rome", "city is missing",
        "seen: year", "seen: month", "seen: day", "seen: weekday", "seen: hour", "seen is missing",
        "yes",
        "list[0]", "list[1]", "list is missing",
        "row",
    ]  # fmt: skip
    assert data.input_shape == (17,)
    assert "city (3 categories, of text)" in data.summary()
    assert "missing values of number taken as the mean of training" in data.summary()


def test_what_is_fitted_is_of_the_training_rows_alone(loaded):
    frame, data, rows = loaded
    number, *_ = data.preparation.columns
    assert number.fill[0] == pytest.approx(frame["number"].iloc[rows["train"]].mean())
    assert number.fill[0] != pytest.approx(frame["number"].mean(), rel=1e-6)


def test_each_row_has_the_inputs_that_it_should(loaded):
    frame, data, rows = loaded
    names = data.preparation.inputs
    for split in SPLITS:
        for row, inputs in zip(rows[split], data.inputs[split], strict=True):
            values, made = frame.iloc[row], dict(zip(names, inputs.tolist(), strict=True))
            assert made["yes"] == values["yes"]
            assert made["number is missing"] == np.isnan(values["number"])
            if not np.isnan(values["number"]):
                assert made["number"] == pytest.approx(values["number"], rel=1e-6)
            cities = [city for city in ("Rome", "Oslo", "Lima") if made[f"city={city}"]]
            assert cities == ([values["city"]] if isinstance(values["city"], str) else [])
            when = values["seen"]
            assert made["seen is missing"] == (when is pd.NaT)
            if when is not pd.NaT:
                assert [made[f"seen: {part}"] for part in ("year", "month", "day", "hour")] == [
                    when.year, when.month, when.day, when.hour,
                ]  # fmt: skip
                assert made["seen: weekday"] == when.weekday()


def test_a_row_as_a_person_has_it_becomes_the_same_inputs(loaded):
    frame, data, rows = loaded
    chosen = frame.assign(row=np.arange(ROWS)).iloc[rows["test"]]
    for form in (chosen.to_dict("records"), [dict(row) for _, row in chosen.iterrows()]):
        assert np.array_equal(data.preparation.encode(form), data.inputs["test"])
    as_text = chosen.assign(seen=chosen["seen"].map(lambda t: None if t is pd.NaT else str(t)))
    assert np.array_equal(data.preparation.encode(as_text.to_dict("records")), data.inputs["test"])


def test_predict_takes_rows(loaded):
    frame, data, rows = loaded
    net = nn.Linear(17, 2)
    network = Network(net, (17,), ("a", "b"), data.preparation).eval()
    chosen = frame.assign(row=np.arange(ROWS)).iloc[rows["test"]]
    expected = network.predict(torch.from_numpy(data.inputs["test"]))
    assert network.predict(chosen) == network.predict(chosen.to_dict("records")) == expected
    assert network.predict(dict(chosen.iloc[0])) == expected[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"city": ...}, "a row lacks 'city'; expected a value .None is missing. of 'number', "),
        ({"number": "tall"}, "column 'number': expected a number, got 'tall'"),
        ({"number": float("inf")}, "column 'number': expected a finite number, got inf"),
        ({"seen": "soon"}, "column 'seen': expected a date like 2024-05-31 .*, got 'soon'"),
        ({"list": [1.0]}, "column 'list': expected 2 numbers, got .1.0."),
    ],
)
def test_a_row_that_does_not_fit_is_refused(loaded, change, message):
    _, data, _ = loaded
    row = {"number": 1, "city": None, "seen": None, "yes": True, "list": None, "row": 1, **change}
    with pytest.raises(ValueError, match=message) as error:
        data.preparation.encode([{k: v for k, v in row.items() if v is not ...}])
    assert "\n" not in str(error.value)


def test_a_time_with_a_zone_is_taken_in_utc(loaded):
    _, data, _ = loaded
    seen = next(column for column in data.preparation.columns if column.name == "seen")
    here = datetime(2024, 5, 31, 12, tzinfo=UTC)
    plain = datetime(2024, 5, 31, 12)
    assert np.array_equal(seen.encode(seen.read([here])), seen.encode(seen.read([plain])))
    assert seen.encode(seen.read([here + timedelta(hours=1)]))[0, 4] == 13


def test_rare_and_unknown_texts_have_no_input(tmp_path):
    common = [f"c{i % 60:02}" for i in range(600)]
    data = load(tmp_path, {"a": common, "b": RNG.random(600), "label": np.arange(600) % 2})
    (column, _) = data.preparation.columns
    assert len(column.categories) == 50
    assert "a (50 categories, the most frequent of 60)" in data.summary()
    assert "100 values of a without an input of their own: rare ones" in data.summary()
    assert not column.encode(column.read(["never seen"])).any()


def test_texts_of_another_part_are_unknown(tmp_path):
    frame = pd.DataFrame({"city": ["x", "y"] * 30, "label": RNG.integers(0, 2, 60)})
    frame.to_parquet(tmp_path / "train.parquet")
    frame.assign(city="z").to_parquet(tmp_path / "test.parquet")
    data = load_arrays(str(tmp_path))
    assert data.preparation.inputs == ["city=x", "city=y"]
    assert not data.inputs["test"].any()
    assert "60 values of city without an input of their own" in data.summary()


def test_a_text_among_numbers_is_named_with_its_row(tmp_path):
    ages = [str(i % 60) for i in range(100)]
    ages[17] = "unknown"
    with pytest.raises(
        ValueError,
        match=r"column 'age' of train has 'unknown' in row 17 where nearly all are numbers \(1 of "
        r"100 rows\); .*--set drop=NAME",
    ):
        load(tmp_path, {"age": ages, "label": np.arange(100) % 2})


def test_a_text_that_gives_the_label_away_is_named(tmp_path):
    labels = np.arange(90) % 3
    data = load(tmp_path, {"code": [f"k{i}" for i in labels], "b": RNG.random(90), "label": labels})
    assert data.intake.warnings == [
        "column 'code' alone tells the label of 100 % of the rows: if it is an id, a row number or "
        "made from the label, leave it out: --set drop=code"
    ]


PLAIN = {"a": RNG.random(60), "b": RNG.random(60), "c": RNG.random(60), "label": [0, 1] * 30}


@pytest.mark.parametrize(
    ("options", "learned"),
    [
        ({"features": ["a", "c"]}, ["a", "c"]),
        ({"features": "c,a"}, ["a", "c"]),
        ({"drop": "b"}, ["a", "c"]),
        ({"drop": ["b", "a"]}, ["c"]),
        ({"features": "a, b", "drop": []}, ["a", "b"]),
    ],
)
def test_columns_can_be_chosen(tmp_path, options, learned):
    data = load(tmp_path, PLAIN, **options)
    assert data.intake.learned == learned
    why = "drop" if options.get("drop") else "not in features"
    assert f"({why})" in data.summary()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "d"}, "features: there is no column 'd'; the columns are a, b, c, label"),
        ({"drop": ["a", "d"]}, "drop: there is no column 'd'; the columns are a, b, c, label"),
        ({"features": "a,label"}, "features: 'label' is the label; expected others"),
        ({"features": "a,b", "drop": "b"}, "drop: 'b' is among features, too; expected one"),
        ({"drop": "a,b,c"}, "nothing to learn from: .* left out: a .drop., b .drop., c .drop."),
    ],
)
def test_a_choice_that_is_none_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, PLAIN, **options)
    with pytest.raises(ValueError, match="drop: expected a list"):
        DataOptions.checked({"drop": {"a": 1}})
