"""Whatever lies at the path of a lookup table is looked up as it is, or refused in one line."""

from pathlib import Path
from typing import Any

import pyarrow as pa
from arrow_kinds import KINDS, as_parquet, column
from fuzzing import answer, damaged, fuzzed, inputs
from hypothesis import strategies as st

from raynas.simulation.lookup_table import Lookup
from raynas.space import load_space_source

SPACE = load_space_source("space = lambda pick: 1\nbuild = key = lambda *_: ''\n", "own")
TABLE = as_parquet(
    pa.table({"key": [f"k{i}" for i in range(30)], "signal": [i / 7 for i in range(30)]})
)


def opened(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    lookup, line = answer(lambda: Lookup(SPACE, str(path), "key", "signal"))
    assert lookup is not None or path.name in line
    return "refused" if lookup is None else "worked"


@inputs(60, 1_500)
def test_a_table_of_any_types_is_looked_up_or_refused(count: int, tmp_path: Path) -> None:
    columns = st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 2**32), st.just(0.1))

    @fuzzed(count, st.integers(0, 8), columns, columns)
    def property_of(rows: int, key: Any, signal: Any) -> str:
        arrays = [column(kind, rows, seed, share) for kind, seed, share in (key, signal)]
        table = pa.Table.from_arrays(arrays, names=["key", "signal"])
        return opened(tmp_path / "t.parquet", as_parquet(table))


@inputs(60, 2_000)
def test_a_damaged_table_is_looked_up_or_refused(count: int, tmp_path: Path) -> None:
    @fuzzed(count, damaged(TABLE))
    def property_of(bad: bytes) -> str:
        return opened(tmp_path / "t.parquet", bad)
