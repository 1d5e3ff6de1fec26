"""Random tables of all types that Arrow has and Parquet can hold, from a seed."""

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

Numbers = np.random.Generator

WORDS = ["a", "b", "", "größe", "\n", "\0", "😀", "1", "true"]
EXTREMES = [0.0, -0.0, 1.0, 1e-45, 5e-324, 3.4e38]
NO_NUMBERS = [3.5e38, 1e300, float("inf"), float("nan")]


def picture(rng: Numbers, size: tuple[int, int] = (5, 4)) -> bytes:
    """An image of random pixels, mode and format."""
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    mode = str(rng.choice(["L", "RGB", "P", "1", "RGBA"]))
    kinds = ["PNG", "TIFF", "WEBP", "GIF"] + (["JPEG", "BMP", "PPM"] if mode in "LRGB" else [])
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, str(rng.choice(kinds)))
    return buffer.getvalue()


def _integers(kind: pa.DataType) -> Callable[[Numbers], Any]:
    limits = np.iinfo(kind.to_pandas_dtype())
    ends = [limits.min, limits.max, 0, 1]
    return lambda rng: ends[rng.integers(4)] if rng.random() < 0.1 else int(rng.integers(0, 9))


def _float(rng: Numbers) -> float:
    chance = rng.random()
    if chance < 0.1:
        rare = NO_NUMBERS if chance < 0.003 else EXTREMES
        return rare[rng.integers(len(rare))]
    return float(rng.normal())


def _decimal(digits: int) -> Callable[[Numbers], Decimal]:
    """Draw small numbers, and some of so many digits, two of them after the point."""
    large = Decimal(f"{'7' * (digits - 2)}.25")
    return lambda rng: Decimal(int(rng.integers(0, 5))) if rng.random() < 0.9 else large


def _bytes(rng: Numbers) -> bytes:
    return picture(rng) if rng.random() < 0.99 else rng.bytes(int(rng.integers(0, 9)))


def _word(rng: Numbers) -> str:
    return WORDS[rng.integers(len(WORDS))]


INTEGERS = [getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)]
KINDS: list[tuple[pa.DataType, Callable[[Numbers], Any]]] = [
    *((kind, _integers(kind)) for kind in INTEGERS),
    (pa.float16(), lambda rng: np.float16(rng.normal())),
    (pa.float32(), _float),
    (pa.float64(), _float),
    (pa.float64(), lambda rng: 1e300 * rng.normal()),
    (pa.float64(), lambda rng: 1e-60 * rng.normal()),
    (pa.bool_(), lambda rng: bool(rng.random() < 0.5)),
    (pa.string(), _word),
    (pa.large_string(), _word),
    (pa.string_view(), _word),
    (pa.dictionary(pa.int32(), pa.string()), _word),
    (pa.dictionary(pa.int8(), pa.int64()), lambda rng: int(rng.integers(3))),
    (pa.binary(), _bytes),
    (pa.large_binary(), _bytes),
    (pa.binary(4), lambda rng: rng.bytes(4)),
    (
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
        lambda rng: {"bytes": _bytes(rng)},
    ),
    (
        pa.struct([("bytes", pa.struct([("bytes", pa.binary())]))]),
        lambda rng: {"bytes": {"bytes": _bytes(rng)}},
    ),
    (pa.decimal128(12, 2), _decimal(12)),
    (pa.decimal128(38, 2), _decimal(38)),
    (pa.decimal256(70, 2), _decimal(70)),
    (pa.date32(), lambda rng: int(rng.integers(0, 30_000))),
    (pa.timestamp("us", tz="UTC"), lambda rng: int(rng.integers(0, 10**15))),
    (pa.timestamp("ns"), lambda rng: int(rng.integers(0, 10**15))),
    (pa.time64("us"), lambda rng: int(rng.integers(0, 10**9))),
    (pa.duration("ms"), lambda rng: timedelta(milliseconds=int(rng.integers(0, 99)))),
    (pa.list_(pa.int64()), lambda rng: rng.integers(0, 9, int(rng.integers(3))).tolist()),
    (pa.map_(pa.string(), pa.int8()), lambda rng: [("a", 1)]),
    (pa.null(), lambda rng: None),
]


def column(kind: int, rows: int, seed: int, missing: float) -> pa.Array:
    """A column of a kind, by its number, with a share of missing values."""
    rng = np.random.default_rng(seed)
    type_, value = KINDS[kind]
    values = [None if rng.random() < missing else value(rng) for _ in range(rows)]
    return pa.array(values, type=type_)


def as_parquet(table: pa.Table, **options: Any) -> bytes:
    """Write a table."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())
