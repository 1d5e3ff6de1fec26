"""CSV and its relatives, as they are exported by what people use."""

import gzip

import numpy as np
import pandas as pd
import pytest

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions

ROWS = 60
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "length": RNG.random(ROWS).round(3),
        "count": RNG.integers(0, 99, ROWS),
        "colour": RNG.choice(["red", "blue"], ROWS),
        "species": RNG.choice(["setosa", "größer"], ROWS),
    }
)
NAMES = ["length", "count", "colour=blue", "colour=red"]


def read(path, **options):
    return load_arrays(str(path), DataOptions(label="species", **options))


def as_parquet(tmp_path):
    folder = tmp_path / "same"
    folder.mkdir()
    FRAME.to_parquet(folder / "t.parquet")
    return read(folder / "t.parquet")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("t.csv", {}),
        ("t.tsv", {"sep": "\t"}),
        ("t.CSV", {"sep": ";"}),
        ("t.csv", {"sep": "|"}),
        ("t.csv", {"sep": ";", "decimal": ","}),
        ("t.csv", {"encoding": "utf-8-sig"}),
        ("t.csv", {"encoding": "cp1252"}),
        ("t.csv", {"encoding": "utf-16"}),
        ("t.csv", {"lineterminator": "\r\n"}),
        ("t.csv", {"quoting": 1}),
        ("t.csv.gz", {}),
    ],
)
def test_it_is_read_as_the_same_table_in_parquet(tmp_path, name, how):
    FRAME.to_csv(tmp_path / name, index=False, **how)
    data = read(tmp_path / name)
    assert data.preparation.inputs == NAMES
    assert data.fingerprint() == as_parquet(tmp_path).fingerprint()
    assert ("Windows-1252" in data.summary()) == (how.get("encoding") == "cp1252")
    assert ("decimal commas" in data.summary()) == ("decimal" in how)


def test_the_index_of_a_frame_is_left_out(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv")
    data = read(tmp_path / "t.csv")
    assert data.preparation.inputs == NAMES
    assert "left out: the first column, which has no name (the index of a pandas" in data.summary()


@pytest.mark.parametrize("missing", ["", "NA", "nan", "?", "NULL"])
def test_missing_values_are_filled_in_and_said(tmp_path, missing):
    frame = FRAME.astype(object)
    frame.loc[[3, 7, 20, 21, 40], ["length", "colour"]] = missing
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = read(tmp_path / "t.csv")
    assert "length is missing" in data.preparation.inputs
    assert "colour is missing" in data.preparation.inputs
    assert "5 missing values of length taken as the mean of training" in data.summary()
    assert all(np.isfinite(inputs).all() for inputs in data.inputs.values())


def test_files_named_after_splits(tmp_path):
    FRAME[:40].to_csv(tmp_path / "train.csv", index=False)
    FRAME[40:].to_csv(tmp_path / "test.csv", index=False)
    data = read(tmp_path)
    assert [len(data.labels[split]) for split in ("train", "validation", "test")] == [32, 8, 20]


def test_a_folder_is_read_by_one_kind(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_csv(tmp_path / "u.tsv", index=False, sep="\t")
    data = read(tmp_path)
    assert sum(map(len, data.labels.values())) == ROWS
    assert "left out: what is no .csv file (u.tsv)" in data.summary()


HEAD = "length,count,species\n"
GOOD = "1.5,2,x\n2.5,3,y\n" * 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv is empty; expected a first line with the names of the columns"),
        ("\n\n", "t.csv is empty"),
        (HEAD, "a data set needs at least two different labels, got no rows"),
        (HEAD + GOOD + "1,2\n", "t.csv, line 42: expected 3 values as the first line has names, "
         "got 2: '1,2'"),
        (HEAD + GOOD + "1,2,x,4\n", "t.csv, line 42: expected 3 values as the first line has names,"
         " got 4"),
        (GOOD.replace("x", "1").replace("y", "2"), "t.csv has no names of columns: its first line "
         "is '1.5,2,1'; expected a first line with the names"),
        (HEAD + GOOD + "1,2,\n", "column 'species' of train has no value in row 40 .1 of 41 rows.; "
         ".*; rows count from 0 below the line of names"),
        (HEAD + GOOD + "abc,2,x\n", "column 'length' of train has 'abc' in row 40 where nearly all "
         "are numbers"),
        (HEAD.replace("count", "") + GOOD, "t.csv: no name in the first line for column 2"),
        (HEAD.replace("count", "length") + GOOD, "t.csv has several columns named 'length'"),
        (HEAD.replace("species", "kind") + GOOD, "there is no label column 'species'; the columns "
         "are length, count, kind: name the right one with --set label=NAME"),
        ("length,species\n" + "".join(f"1,{i}.5\n" for i in range(30)), "label column 'species' "
         "holds double with 30 different values in 30 rows, such as .*: this looks like "
         "regression, which is not supported; expected classes: texts, whole numbers, or true"),
        ("a\0b,species\n1,2\n", "t.csv is no text: it has NUL in its first line"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_one_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read(tmp_path / "t.csv")
    assert "\n" not in str(error.value)


def test_a_packed_file_that_is_none(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 99)[:-20])
    with pytest.raises(ValueError, match=r"t\.csv\.gz cannot be read: "):
        read(tmp_path / "t.csv.gz")
