"""Arrow tables without pandas, which pyarrow's own ways load: half a second."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTE = b"raynas"
"""Under which the metadata of a file has ours."""


def no_rows(schema: pa.Schema) -> pa.Table:
    """Return an empty table."""
    return pa.Table.from_batches([], schema)


def widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the rows with the columns of a schema, null where they had none."""
    return pa.concat_tables([no_rows(schema), table], promote_options="default")


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield each row as a dict; moments by way of integers, pyarrow's own way is slow."""
    columns = [
        [_EPOCH + timedelta(microseconds=n) for n in column.cast(pa.int64()).to_pylist()]
        if column.type == pa.timestamp("us", tz="UTC") and not column.null_count
        else column.to_pylist()
        for column in table.columns
    ]
    return (dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True))


def as_read(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return a row as `rows_of` gives it back, a fifth of a millisecond sooner."""
    return {
        name: None if value is None else _KINDS.get(schema.field(name).type, _same)(value)
        for name, value in row.items()
    }


def _same(value: Any) -> Any:
    return value


_KINDS: dict[pa.DataType, Callable[[Any], Any]] = {
    pa.float64(): float,
    pa.int64(): int,
    pa.string(): str,
    pa.timestamp("us", tz="UTC"): lambda moment: moment.astimezone(UTC),
}


def with_note(table: pa.Table, note: Mapping[str, Any] | None) -> pa.Table:
    """Return the rows with JSON data in the metadata of their file."""
    return table.replace_schema_metadata({_NOTE: json.dumps(note)} if note else None)


def note_of(schema: pa.Schema) -> dict[str, Any]:
    """Return the data that `with_note` wrote; none: it is of somebody else.

    Raises:
        ValueError: it is broken.
    """
    note: dict[str, Any] = json.loads((schema.metadata or {}).get(_NOTE, b"{}"))
    return note
