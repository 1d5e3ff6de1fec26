"""Whatever lies at the path of a data set is learned from as it is, or refused in one line."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from arrow_kinds import KINDS, as_parquet, column, picture
from fuzzing import answer, damaged, fuzzed, inputs, texts
from hypothesis import strategies as st

from raynas.data import load_arrays
from raynas.data.array_data import SPLITS, ArrayData
from raynas.data.tables.column_kinds import is_text
from raynas.options.data_options import DataOptions

kinds = st.integers(0, len(KINDS) - 1)
seeds = st.integers(0, 2**32)
missing = st.sampled_from([0.0] * 20 + [0.05, 1.0])
columns = st.tuples(kinds, seeds, missing)
WORDS = [i for i, (kind, _) in enumerate(KINDS) if is_text(kind)]
INTEGERS = [i for i, (kind, _) in enumerate(KINDS) if pa.types.is_integer(kind)]
usual_labels = st.tuples(st.sampled_from(WORDS * 3 + INTEGERS), seeds, st.just(0.0))
labels = st.sampled_from([usual_labels] * 3 + [columns]).flatmap(lambda one: one)
column_names = st.one_of(
    st.sampled_from(["label", "a b", "\n", "\x1b", "", "__index_level_0__", "größe"]),
    st.text(max_size=4),
)


def made_table(rows: int, label: Any, others: list[tuple[str, Any]]) -> pa.Table:
    named = [("label", label), *others]
    arrays = [column(kind, rows, seed, share) for _, (kind, seed, share) in named]
    return pa.Table.from_arrays(arrays, names=[name for name, _ in named])


def check_data(data: ArrayData, rows: int) -> None:
    """What trials need of each data set."""
    assert sum(len(data.labels[split]) for split in SPLITS) == rows
    for split in SPLITS:
        inputs_of_split, numbers = data.inputs[split], data.labels[split]
        assert len(inputs_of_split) == len(numbers) > 0
        assert inputs_of_split.dtype in (np.uint8, np.float32)
        assert np.isfinite(inputs_of_split).all()
        assert 0 <= numbers.min() <= numbers.max() < data.num_outputs
    assert np.isfinite(data.mean).all()
    assert np.isfinite(data.std).all()
    assert (data.std > 0).all()
    assert "\n" not in data.summary()
    assert data.fingerprint()


def plain_numbers(data: ArrayData, table: pa.Table) -> list[int]:
    """The inputs that are the numbers of a column without missing values."""
    return [
        place
        for place, name in enumerate(data.preparation.inputs)
        if name in table.column_names
        and not any(value is None or value != value for value in table[name].to_pylist())
    ]


def rows_of(data: ArrayData, places: list[int]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (data.label_names[number], *(row[place] for place in places))
        for split in SPLITS
        for row, number in zip(data.inputs[split].tolist(), data.labels[split], strict=True)
    )


def rows_in(table: pa.Table, learned: list[str]) -> Counter[tuple[Any, ...]]:
    """What a table says, by pyarrow's own way to Python."""
    features = [
        [
            math.nan if value is None else float(np.float32(float(value)))
            for value in table[name].to_pylist()
        ]
        for name in learned
    ]
    names = [
        str(value if isinstance(value, str | bool) else int(value))
        for value in table["label"].to_pylist()
    ]
    return Counter(zip(names, *features, strict=True))


@inputs(60, 3_000)
def test_a_table_of_any_types_is_read_as_it_is(count: int, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    others = st.lists(columns, max_size=4).map(
        lambda some: [(f"c{i}", c) for i, c in enumerate(some)]
    )

    @fuzzed(
        count,
        st.sampled_from([0, 4, 12, 12, 30]),
        labels,
        others,
        st.sampled_from([None, None, 3, 10]),
    )
    def property_of(rows: int, label: Any, others: Any, limit: int | None) -> str:
        table = made_table(rows, label, others)
        path.write_bytes(as_parquet(table, row_group_size=7))
        data, _ = answer(lambda: load_arrays(str(path), DataOptions(limit=limit)))
        if data is None:
            return "refused"
        check_data(data, min(rows, limit or rows))
        if data.inputs["train"].dtype == np.uint8:
            return "worked with images"
        places = plain_numbers(data, table)
        expected = rows_in(table, [data.preparation.inputs[place] for place in places])
        assert rows_of(data, places) <= expected
        assert limit or rows_of(data, places) == expected
        return "worked"


@inputs(50, 1_500)
def test_files_of_a_folder_go_together_or_not(count: int, tmp_path: Path) -> None:
    names = st.sampled_from(["train.parquet", "test.parquet", "val-1.parquet", "a.parquet"])
    shared = st.tuples(labels, st.lists(st.tuples(column_names, columns), max_size=2))
    odd = st.one_of(st.none(), st.none(), st.none(), st.tuples(column_names, columns))

    @fuzzed(count, st.dictionaries(names, st.tuples(st.integers(2, 12), odd), min_size=1), shared)
    def property_of(files: dict[str, Any], shared: Any) -> str:
        label, others = shared
        for name, (rows, more) in files.items():
            table = made_table(rows, label, [*others, *([more] if more else [])])
            (tmp_path / name).write_bytes(as_parquet(table))
        data, _ = answer(lambda: load_arrays(str(tmp_path)))
        for name in files:
            (tmp_path / name).unlink()
        if data is None:
            return "refused"
        check_data(data, sum(rows for rows, _ in files.values()))
        return "worked"


RNG = np.random.default_rng(0)
TABLE = pa.table(
    {
        "x": RNG.normal(size=40),
        "n": RNG.integers(0, 2**40, 40),
        "word": [f"w{i % 7}" for i in range(40)],
        "label": ["cat" if i % 3 else "dog" for i in range(40)],
    }
)
PHOTOS = pa.table({"image": [picture(RNG) for _ in range(12)], "label": [i % 2 for i in range(12)]})
FILES = {
    "plain": as_parquet(TABLE),
    "checked pages": as_parquet(TABLE, write_page_checksum=True, compression="none"),
    "zstd": as_parquet(TABLE, compression="zstd", use_dictionary=False),
    "of pandas": as_parquet(pa.Table.from_pandas(TABLE.to_pandas())),
    "images": as_parquet(PHOTOS),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
@inputs(40, 1_500)
def test_a_damaged_file_is_read_or_refused(count: int, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"

    @fuzzed(count, damaged(content))
    def property_of(bad: bytes) -> str:
        path.write_bytes(bad)
        data, line = answer(lambda: load_arrays(str(path)))
        assert data is not None or str(path) in line or "column" in line or "label" in line
        return "refused" if data is None else "worked"


def test_a_flipped_bit_of_a_page_with_a_checksum_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    content = bytearray(FILES["checked pages"])
    content[content.index(TABLE["x"].chunk(0).buffers()[1].to_pybytes()[:64])] ^= 1
    path.write_bytes(content)
    assert "t.parquet is damaged" in answer(lambda: load_arrays(str(path)))[1]


PICTURES = [picture(np.random.default_rng(seed)) for seed in range(40)]


@inputs(80, 4_000)
def test_images_are_decoded_or_refused(count: int, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    bad = st.sampled_from(PICTURES).flatmap(damaged)

    @fuzzed(count, bad, st.integers(0, 5))
    def property_of(bad: bytes, place: int) -> str:
        images = PICTURES[:6]
        images[place] = bad
        table = pa.table({"image": pa.array(images, pa.binary()), "label": [0, 1] * 3})
        path.write_bytes(as_parquet(table))
        data, line = answer(lambda: load_arrays(str(path)))
        if data is None:
            assert f"row {place}" in line or "row " in line
            return "refused"
        check_data(data, 6)
        return "worked"


@inputs(80, 3_000)
def test_what_is_no_parquet_is_named(count: int, tmp_path: Path) -> None:
    names = st.sampled_from(["t.csv", "t.json", "t.parquet", "t.npy", "t.jpg", "t", "t.csv.gz"])
    lines = st.lists(st.text(max_size=9), max_size=5).map(lambda rows: "\n".join(rows).encode())
    contents = st.one_of(st.binary(max_size=60), lines, st.just(b"PAR1" + b"\0" * 20 + b"PAR1"))

    @fuzzed(count, names, contents)
    def property_of(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        data, line = answer(lambda: load_arrays(str(tmp_path / name)))
        assert data is None
        assert name in line or ".csv" in name
        return "refused"


@inputs(80, 3_000)
def test_the_name_of_a_data_set_is_known_or_refused(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # an empty folder
    schemes = ["", "file://x", "memory://", "zip://", "a://", "::", "data:,", "*", "[*"]
    below = texts.filter(lambda text: "/" not in text and text[:1] not in (".", "~"))
    ends = st.sampled_from(["", ".parquet", "*", "**", "::"])
    names = st.tuples(st.sampled_from(schemes), below, ends).map("".join)

    @fuzzed(count, names)
    def property_of(name: str) -> str:
        data, _ = answer(lambda: load_arrays(name), typed=True)
        return "refused" if data is None else "worked"
