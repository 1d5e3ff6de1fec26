"""From the columns of Parquet tables to labels, images and features."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raynas.data.images import decode_images, image_format
from raynas.data.splits import Indices
from raynas.options.data_options import DataOptions

Tables = dict[str, pa.Table]
Labels = npt.NDArray[np.generic]


def read_labels(tables: Tables, column: str) -> tuple[dict[str, Indices], tuple[str, ...]]:
    """Read the labels of each table as class numbers; also returns the names of the classes.

    Raises:
        ValueError: there is no such column, or it does not hold usable labels.
    """
    return number_labels({part: _labels(table, column, part) for part, table in tables.items()})


def read_inputs(
    tables: Tables, rows: dict[str, Indices], options: DataOptions
) -> dict[str, npt.NDArray[Any]]:
    """Read the chosen rows of each table: images if there are any, else all numeric columns.

    Raises:
        ValueError: there is nothing to learn from, or a row cannot be used.
    """
    image = options.image or _find_image(tables["train"].schema)
    if image is None:
        names = _feature_names(tables["train"].schema, options.label)
        return {part: _features(table, names, rows[part], part) for part, table in tables.items()}
    encoded = {part: _encoded(table, image, rows[part], part) for part, table in tables.items()}
    wanted = image_format(encoded["train"], rows["train"], f"column {image!r} of train")
    return {
        part: decode_images(columns_read, rows[part], wanted, f"column {image!r} of {part}")
        for part, columns_read in encoded.items()
    }


def _labels(table: pa.Table, column: str, part: str) -> Labels:
    if column not in table.column_names:
        raise ValueError(
            f"there is no label column {column!r}; the columns are "
            f"{', '.join(table.column_names)}: name the right one with --set label=NAME"
        )
    values = table[column]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (text or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        raise ValueError(f"label column {column!r} must hold strings or integers, it holds {kind}")
    _refuse_nulls(values, f"label column {column!r} of {part}")
    numbers: Labels = values.to_numpy()
    return numbers.astype(np.str_) if text else numbers


def _find_image(schema: pa.Schema) -> str | None:
    return next((field.name for field in schema if _is_image(field.type)), None)


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _is_image(kind.field("bytes").type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _encoded(table: pa.Table, column: str, rows: Indices, part: str) -> list[bytes]:
    if column not in table.column_names or not _is_image(table.schema.field(column).type):
        raise ValueError(
            f"image column {column!r} of {part} is missing or holds no encoded images; the columns "
            f"are {', '.join(f'{field.name} ({field.type})' for field in table.schema)}"
        )
    values = table[column]
    if pa.types.is_struct(values.type):
        values = pc.struct_field(values, "bytes")
    _refuse_nulls(values, f"image column {column!r} of {part}")
    encoded: list[bytes] = values.take(pa.array(rows)).to_pylist()
    return encoded


def _feature_names(schema: pa.Schema, label: str) -> list[str]:
    names = [field.name for field in schema if field.name != label and _is_number(field.type)]
    if not names:
        raise ValueError(
            "there is nothing to learn from: no column of encoded images and no numeric column "
            f"beside the label; the columns are {', '.join(f'{f.name} ({f.type})' for f in schema)}"
        )
    return names


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _features(
    table: pa.Table, names: list[str], rows: Indices, part: str
) -> npt.NDArray[np.float32]:
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise ValueError(f"column {missing[0]!r} is in train but not in {part}")
    features = np.empty((len(rows), len(names)), dtype=np.float32)
    for i, name in enumerate(names):
        values = table[name]
        _refuse_nulls(values, f"column {name!r} of {part}")
        features[:, i] = values.to_numpy()[rows]
        bad = np.flatnonzero(~np.isfinite(features[:, i]))
        if len(bad):
            raise ValueError(
                f"column {name!r} of {part} has {features[bad[0], i]} in row {rows[bad[0]]}; "
                "expected finite numbers"
            )
    return features


def _refuse_nulls(values: pa.ChunkedArray, what: str) -> None:
    if values.null_count:
        row = pc.index(values.is_null(), value=True).as_py()
        raise ValueError(f"{what} has no value in row {row}; expected one in each row")


def number_labels(parts: dict[str, Labels]) -> tuple[dict[str, Indices], tuple[str, ...]]:
    """Number the classes by their sorted labels, over all parts; also returns their names.

    Raises:
        ValueError: there is only one class.
    """
    classes = np.unique(np.concatenate(list(parts.values())))
    if len(classes) < 2:
        classes_seen = f"only {classes[0]}" if len(classes) else "no rows"
        raise ValueError(f"a data set needs at least two different labels, got {classes_seen}")
    numbered = {part: np.searchsorted(classes, labels) for part, labels in parts.items()}
    return numbered, tuple(str(label) for label in classes.tolist())
