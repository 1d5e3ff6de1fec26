"""The column of encoded images: which it is, and its pixels."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raynas.data.intake import Intake, listed, printable
from raynas.data.photos.decoding import Encoded, decode_images, image_format
from raynas.data.splits import Indices
from raynas.data.tables.column_kinds import Parts, is_image, kind_name
from raynas.options.data_options import DataOptions
from raynas.preparation import Preparation


def find_image_column(tables: Parts, label: str) -> str | None:
    """Return the first column of encoded images that is not the label, or None."""
    schema = tables["train"].schema
    return next((f.name for f in schema if f.name != label and is_image(f.type)), None)


def read_images(
    tables: Parts,
    rows: dict[str, Indices],
    options: DataOptions,
    column: str,
    intake: Intake,
) -> tuple[dict[str, npt.NDArray[np.uint8]], Preparation]:
    """Read the chosen rows of the image column of each table.

    Raises:
        ValueError: there is no such column, or a row holds no image like the others.
    """
    name = printable(column)
    encoded = {
        part: Encoded(
            _encoded(table, column, rows[part], part),
            [f"column {name!r} of {part}, row {row}" for row in rows[part]],
        )
        for part, table in tables.items()
    }
    intake.learned.append(name)
    others = {
        field.name: field.type
        for table in tables.values()
        for field in table.schema
        if field.name not in (column, options.label)
    }
    intake.left_out += [f"{printable(other)} ({kind_name(kind)})" for other, kind in others.items()]
    wanted = image_format(encoded["train"], options.image_size, intake)
    return decode_images(encoded, wanted, intake), Preparation(resized=wanted.resized)


def _encoded(table: pa.Table, column: str, rows: Indices, part: str) -> list[bytes]:
    name = printable(column)
    if column not in table.column_names or not is_image(table.schema.field(column).type):
        columns = [f"{printable(field.name)} ({kind_name(field.type)})" for field in table.schema]
        raise ValueError(
            f"image column {name!r} of {part} is missing or holds no encoded images; the columns "
            f"are {listed(columns)}"
        )
    values: Any = table[column]
    if pa.types.is_struct(values.type):
        values = pc.struct_field(values, "bytes")
    chosen = values.take(pa.array(rows))
    if chosen.null_count:
        missing = chosen.is_null().to_numpy()
        raise ValueError(
            f"image column {name!r} of {part} has no value in row {rows[np.argmax(missing)]} "
            f"({missing.sum():,} of {len(missing):,} rows); expected one in each row"
        )
    encoded: list[bytes] = chosen.to_pylist()
    return encoded
