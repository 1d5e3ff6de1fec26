"""What is not Parquet, or no longer: one line says what it is and what to do."""

import io
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raynas.data import load_arrays


def refused(path):
    with pytest.raises(ValueError, match=re.escape(path.name)) as error:
        load_arrays(str(path))
    text = str(error.value)
    assert "\n" not in text
    assert "magic" not in text.lower()
    return text


def converts(text, folder):
    """Run the Python that a message ends with."""
    code = text[text.index("import pandas") :]
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def table(rows=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.random(rows), "label": np.arange(rows) % 2})


def test_another_table_says_how_to_convert_it(tmp_path):
    table().to_json(tmp_path / "mine.jsonl", lines=True, orient="records")
    text = refused(tmp_path / "mine.jsonl")
    assert "mine.jsonl is JSON lines; expected a Parquet, CSV, TSV or .npz file" in text
    converts(text, tmp_path)
    assert load_arrays(str(tmp_path / "mine.parquet")).input_shape == (1,)
    (tmp_path / "mine.parquet").unlink()
    assert "mine.jsonl is JSON lines; " in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.npz", "cannot be read: it holds Python objects, or is no file of NumPy"),
        ("x.pkl", "is a pickle"),
        ("x.jsonl", "is JSON lines"),
        ("x.png", "is one image"),
        ("x.json.gz", "is JSON"),
        ("x", "is not a Parquet file"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"anything at all")
    assert words in refused(tmp_path / name)


def parquet_bytes():
    buffer = io.BytesIO()
    table().to_parquet(buffer)
    return buffer.getvalue()


def test_broken_files_say_how(tmp_path):
    whole = parquet_bytes()
    path = tmp_path / "t.parquet"
    path.write_bytes(b"")
    assert "is empty (0 bytes)" in refused(path)
    path.write_bytes(whole[:-100])
    assert f"is truncated: after {len(whole) - 100:,} bytes" in refused(path)
    path.write_bytes(whole[:-60] + b"\xff" * 52 + whole[-8:])
    assert "is damaged" in refused(path)
    path.unlink()
    path.mkdir()
    assert "has no files of data" in refused(path)


def test_two_columns_of_one_name(tmp_path):
    columns = [pa.array([1.0, 2.0]), pa.array([1.0, 2.0]), pa.array([0, 1])]
    pq.write_table(pa.table(columns, names=["a", "a", "label"]), tmp_path / "t.parquet")
    assert "has several columns named 'a'; expected a name for each" in refused(
        tmp_path / "t.parquet"
    )


@pytest.mark.parametrize("parts", [("train", "test"), ("a", "b")])
def test_a_column_of_another_type_in_another_file(tmp_path, parts):
    first, second = parts
    table().to_parquet(tmp_path / f"{first}.parquet")
    table().assign(a="x").to_parquet(tmp_path / f"{second}.parquet")
    with pytest.raises(ValueError, match="column 'a' holds double in") as error:
        load_arrays(str(tmp_path))
    assert f"string in {second}" in str(error.value)


def test_shards_may_differ_in_what_does_not_matter(tmp_path):
    one = table().assign(n=np.arange(60) % 7, note="x", when=pd.Timestamp("2020"))
    one.to_parquet(tmp_path / "a.parquet")
    other = table().assign(n=(np.arange(60) % 7).astype(np.float32), extra="y", when="2020")
    other[["label", "n", "when", "a", "extra"]].to_parquet(tmp_path / "b.parquet")
    data = load_arrays(str(tmp_path))
    assert data.intake.learned == ["a", "n"]
    assert "note (" in data.summary()
    assert "not the same in all files" in data.summary()
    assert sum(map(len, data.labels.values())) == 120


def test_other_files_beside_parquet_are_said(tmp_path):
    table().to_parquet(tmp_path / "t.parquet")
    (tmp_path / "README.md").write_text("about")
    assert "left out" not in load_arrays(str(tmp_path)).summary()
    table().to_csv(tmp_path / "more.csv")
    assert "left out: what is no .parquet file (more.csv)" in load_arrays(str(tmp_path)).summary()
