import fsspec
import numpy as np
import pandas as pd
import pytest

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions

SPLITS = ("train", "validation", "test")


def table(rows, start=0):
    """Rows with two features, of which the first is unique, and three labels."""
    numbers = np.arange(start, start + rows)
    names = np.array(["red", "amber", "green"])
    return pd.DataFrame(
        {"a": numbers, "label": names[numbers % 3], "note": "text", "b": numbers % 7 / 7}
    )


def write(folder, **files):
    for name, frame in files.items():
        path = folder / f"{name.replace('__', '/')}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(path)
    return str(folder)


def sizes(data):
    return [len(data.labels[split]) for split in SPLITS]


def test_one_file_is_split_by_the_seed(tmp_path):
    table(100).to_parquet(tmp_path / "train_me.parquet")
    data = load_arrays(str(tmp_path / "train_me.parquet"))
    assert sizes(data) == [60, 20, 20]
    assert data.label_names == ("amber", "green", "red")
    assert data.input_shape == (2,)
    for split in SPLITS:
        rows = data.inputs[split]
        assert rows[:, 0] % 7 / 7 == pytest.approx(rows[:, 1])
        assert [data.label_names[i] for i in data.labels[split]] == [
            ["red", "amber", "green"][int(row) % 3] for row in rows[:, 0]
        ]
    again = load_arrays(str(tmp_path / "train_me.parquet"))
    assert (again.inputs["test"] == data.inputs["test"]).all()


def test_a_folder_without_split_names_is_one_table(tmp_path):
    name = write(tmp_path, part_0=table(50), values=table(30, 50), sub__tested=table(20, 80))
    data = load_arrays(name)
    assert sizes(data) == [60, 20, 20]
    everything = np.concatenate([data.inputs[split][:, 0] for split in SPLITS])
    assert sorted(everything) == list(range(100))


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "val-00000-of-00001"])
def test_three_named_splits_are_kept(tmp_path, validation):
    name = write(tmp_path, train=table(50), test=table(12, 200), **{validation: table(9, 100)})
    data = load_arrays(name)
    assert sizes(data) == [50, 9, 12]
    assert (data.inputs["test"][:, 0] == np.arange(200, 212)).all()
    assert data.mean[0] == pytest.approx(24.5)


def test_hugging_face_shards_without_validation(tmp_path):
    name = write(
        tmp_path,
        **{
            "data__train-00000-of-00002": table(60),
            "data__train-00001-of-00002": table(40, 60),
            "data__test-00000-of-00001": table(30, 200),
        },
    )
    data = load_arrays(name)
    assert sizes(data) == [80, 20, 30]
    assert data.inputs["validation"][:, 0].max() < 100


def test_splits_as_folders_and_without_test(tmp_path):
    name = write(tmp_path, train__0=table(60), train__1=table(40, 60), validation__0=table(9, 100))
    assert sizes(load_arrays(name)) == [80, 9, 20]


def test_folders_above_the_data_set_do_not_count(tmp_path, monkeypatch):
    write(tmp_path / "training" / "mine", a=table(50), b=table(50, 50))
    monkeypatch.chdir(tmp_path / "training")
    assert sizes(load_arrays("mine")) == [60, 20, 20]
    assert sizes(load_arrays("mine/*.parquet")) == [60, 20, 20]


def test_a_pattern_chooses_files(tmp_path):
    name = write(tmp_path, train=table(50), test=table(12), other=table(1))
    assert sizes(load_arrays(f"{name}/t*.parquet")) == [40, 10, 12]


def test_a_url(tmp_path):
    with fsspec.open("memory://bucket/table.parquet", "wb") as file:
        table(100).to_parquet(file)
    assert sizes(load_arrays("memory://bucket/table.parquet")) == [60, 20, 20]


def test_limit_applies_to_train_and_the_same_share_of_test(tmp_path):
    name = write(tmp_path, train=table(300), test=table(90, 300))
    data = load_arrays(name, options=DataOptions(limit=100))
    assert sizes(data) == [80, 20, 30]
    assert np.bincount(data.labels["test"]).tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([30, 4, 200], ("4", "30", "200")),
        ([True, False, True], ("False", "True")),
        (pd.Categorical(["b", "a", "b"]), ("a", "b")),
        (np.array([3, 1, 2], dtype=np.uint8), ("1", "2", "3")),
    ],
)
def test_labels_of_any_kind_are_sorted(tmp_path, labels, names):
    frame = pd.DataFrame({"x": np.arange(30.0)})
    frame["y"] = pd.concat([pd.Series(labels)] * 10, ignore_index=True).to_numpy()
    frame["y"] = frame["y"].astype(pd.Series(labels).dtype)
    frame.to_parquet(tmp_path / "t.parquet")
    data = load_arrays(str(tmp_path / "t.parquet"), options=DataOptions(label="y"))
    assert data.label_names == names


def with_value(column, row, value):
    frame = table(60)
    frame[column] = frame[column].astype(object if column == "label" else float)
    frame.loc[row, column] = value
    return frame


CASES = {
    "no label column": (
        table(9).rename(columns={"label": "target"}),
        "there is no label column 'label'; the columns are a, target, note, b: "
        "name the right one with --set label=NAME",
    ),
    "labels of a wrong kind": (
        table(9).assign(label=0.5),
        "label column 'label' holds double with 1 different value in 9 rows, such as 0.5: this "
        "looks like regression, which is not supported; expected classes: texts, whole numbers",
    ),
    "no features": (table(9)[["label", "note"]], "nothing to learn from: .* label .*, note "),
    "one class": (table(9).assign(label="same"), "at least two different labels, got only same"),
    "no rows": (table(9)[:0], "at least two different labels, got no rows"),
    "too few rows": (table(2), "too few rows: .* got train 2, validation 0, test 0"),
    "no label": (with_value("label", 5, None), "column 'label' of train has no value in row 5"),
    "nan": (with_value("b", 8, 0.0).assign(b=lambda t: t.b.where(t.a != 8, np.inf)),
            "column 'b' of train has inf in row 8 .1 of 60 rows.; expected finite"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_unusable_tables_say_why_in_one_line(tmp_path, case):
    frame, message = CASES[case]
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=message) as error:
        load_arrays(str(tmp_path / "t.parquet"))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"t\.parquet is not a Parquet file; ") as error:
        load_arrays(str(path))
    assert "\n" not in str(error.value)


def test_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="has no files of data; expected digits, synthetic,"):
        load_arrays(str(tmp_path))


def test_an_unknown_protocol():
    with pytest.raises(ValueError, match="'nowhere://x' cannot be opened"):
        load_arrays("nowhere://x")


def test_files_that_do_not_belong_together(tmp_path):
    name = write(tmp_path, a=table(9), b=table(9).drop(columns="a"))
    with pytest.raises(ValueError, match=r"do not have the same columns: a\.parquet, b\.parquet"):
        load_arrays(name)


def test_split_names_for_some_files_only(tmp_path):
    name = write(tmp_path, train=table(9), extra=table(9))
    with pytest.raises(ValueError, match=r"all must be \(train, .*\); extra\.parquet is not"):
        load_arrays(name)


def test_splits_without_train(tmp_path):
    name = write(tmp_path, val=table(9), test=table(9))
    with pytest.raises(ValueError, match="no file whose name begins with train; it has test"):
        load_arrays(name)


def test_a_feature_that_test_lacks(tmp_path):
    name = write(tmp_path, train=table(30), test=table(9).drop(columns="b"))
    with pytest.raises(ValueError, match="column 'b' is in train but not in test"):
        load_arrays(name)
