"""What the types of columns mean to us."""

import json
import re

import pyarrow as pa

Parts = dict[str, pa.Table]
"""A table a split."""
_LONGEST = 60
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def is_number(kind: pa.DataType) -> bool:
    """Whether a column can be learned from as numbers."""
    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, as categories or not."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def feature_kind(kind: pa.DataType) -> str:
    """Say what a column is learned from as: "number", "category", "date", "list"; "" for nothing.

    A dictionary of whatever is a category; numbers of another type are numbers.
    """
    types = pa.types
    if is_number(kind):
        return "number"
    if types.is_dictionary(kind) or is_text(kind):
        return "category"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "date"
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return "list" if lists and is_number(kind.value_type) else ""


def is_image(kind: pa.DataType) -> bool:
    """Whether a column holds encoded images: bytes, or a struct with a field "bytes"."""
    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _is_bytes(kind.field("bytes").type)
    return _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def kind_name(kind: pa.DataType) -> str:
    """Return a type as a person reads it: Arrow's name, shortened."""
    if pa.types.is_dictionary(kind):
        return f"dictionary of {kind_name(kind.value_type)}"
    name = str(kind)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def index_columns(schema: pa.Schema) -> set[str]:
    """Return the columns that hold the index of a pandas frame.

    pandas names them in the metadata of the schema, where an index that is a range is described
    and not stored. Programs that drop the metadata keep the name that pandas gives to an index
    without one, __index_level_0__.
    """
    named: set[str] = {name for name in schema.names if _PANDAS_INDEX.fullmatch(name)}
    try:
        listed = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))["index_columns"]
        named |= {name for name in listed if isinstance(name, str)}
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # no metadata of pandas, or none that can be read
    return named & set(schema.names)
