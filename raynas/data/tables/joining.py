"""The files of one split to one table: the same columns, whatever width their numbers have."""

import pyarrow as pa

from raynas.data.intake import Intake, listed, printable
from raynas.data.tables.column_kinds import is_image, is_number, is_text, kind_name


def join(tables: dict[str, pa.Table], wanted: set[str | None], intake: Intake) -> pa.Table:
    """Put tables, by the names of their files, under each other, by the names of their columns.

    Numbers of several types are widened. A column that nothing is learned from and that differs is
    left out and noted.

    Raises:
        ValueError: a column that is learned from, or `wanted`, is missing in a file, or differs.
    """
    if len(tables) == 1:
        return next(iter(tables.values()))
    names = dict.fromkeys(name for table in tables.values() for name in table.column_names)
    columns: dict[str, pa.ChunkedArray] = {}
    for name in names:
        kinds = {
            file: table.schema.field(name).type
            for file, table in tables.items()
            if name in table.column_names
        }
        needed = name in wanted or any(is_number(k) or is_image(k) for k in kinds.values())
        lacking = [file for file in tables if file not in kinds]
        kind = None if lacking else _common(tables, name, set(kinds.values()))
        if kind is not None:
            chunks = [_cast(table[name], kind) for table in tables.values()]
            columns[name] = pa.chunked_array(
                [chunk for values in chunks for chunk in values.chunks], type=kind
            )
        elif needed:
            raise ValueError(
                f"files do not have the same columns: {listed(list(tables), 5)}: "
                f"{_difference(name, kinds, lacking)}; expected the same in all files of a split"
            )
        else:
            first = kind_name(next(iter(kinds.values())))
            intake.left_out.append(f"{printable(name)} ({first}, not the same in all files)")
    return pa.table(columns)


def _common(tables: dict[str, pa.Table], name: str, kinds: set[pa.DataType]) -> pa.DataType | None:
    """Return a type that holds the values of all, or None."""
    kinds = {kind for kind in kinds if not pa.types.is_null(kind)} or kinds
    if len(kinds) == 1:
        return next(iter(kinds))
    if all(is_text(kind) for kind in kinds):
        return pa.large_string()
    if all(pa.types.is_integer(kind) for kind in kinds):
        if _all_cast(tables, name, pa.int64()):
            return pa.int64()
        return pa.decimal128(20, 0)  # unsigned ones above the range of int64 beside negative ones
    if all(is_number(kind) and not pa.types.is_boolean(kind) for kind in kinds):
        return pa.float64()
    return None


def _all_cast(tables: dict[str, pa.Table], name: str, kind: pa.DataType) -> bool:
    try:
        for table in tables.values():
            table[name].cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _cast(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if values.type == kind:
        return values
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_decimal(kind) and pa.types.is_integer(values.type):
        return pa.chunked_array([pa.array(values.to_pylist(), type=kind)], type=kind)
    return values.cast(kind, safe=False)


def _difference(name: str, kinds: dict[str, pa.DataType], lacking: list[str]) -> str:
    first, kind = next(iter(kinds.items()))
    column = f"column {printable(name)!r}"
    if lacking:
        return f"{column} ({kind_name(kind)}) is in {first} but not in {lacking[0]}"
    other, other_kind = next((file, one) for file, one in kinds.items() if one != kind)
    return f"{column} holds {kind_name(kind)} in {first} but {kind_name(other_kind)} in {other}"
