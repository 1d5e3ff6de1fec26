"""Columns of numbers: which are learned from, what is left out, and their values as float32."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raynas.data.intake import Intake, listed, printable
from raynas.data.splits import Indices
from raynas.data.tables.column_kinds import Parts, is_number, kind_name
from raynas.data.tables.float32_loss import float32_loss
from raynas.data.tables.leaks import leak

_LARGEST = float(np.finfo(np.float32).max)
_PROBLEMS = 5


class _Column(NamedTuple):
    """A column of one table: its values as they are sorted and counted, and as float64."""

    values: npt.NDArray[Any]
    exact: npt.NDArray[np.float64]


def read_numbers(
    tables: Parts,
    rows: dict[str, Indices],
    labels: dict[str, Indices],
    label: str,
    intake: Intake,
) -> dict[str, npt.NDArray[np.float32]]:
    """Read the chosen rows of all columns of numbers, except `label`: (rows, columns) a table.

    `labels` are those of the chosen rows. What is learned from, left out and suspicious goes to
    `intake`.

    Raises:
        ValueError: there is nothing to learn from, the tables differ, or a row has no number.
    """
    names = _number_columns(tables, label, intake)
    features = {
        part: np.empty((len(part_rows), len(names)), np.float32) for part, part_rows in rows.items()
    }
    problems: list[str] = []
    kept = []
    for i, name in enumerate(names):
        columns = {}
        for part, table in tables.items():
            columns[part], problem = _read(table, name, rows[part], part)
            problems += problem
        if problems:
            continue
        if not _fits(name, columns, intake):
            continue
        kept.append(i)
        for part, column in columns.items():
            features[part][:, i] = column.exact
        intake.learned.append(_taken(tables["train"].schema.field(name)))
        how = leak(columns["train"].exact, labels["train"])
        if how:
            intake.warnings.append(
                f"column {printable(name)!r} {how}: if it is an id, a row number or made from the "
                "label, leave it out of the file"
            )
    if problems:
        more = f"; and {len(problems) - _PROBLEMS} more" if len(problems) > _PROBLEMS else ""
        raise ValueError(
            f"{'; '.join(problems[:_PROBLEMS])}{more}; expected finite numbers in all rows"
        )
    if not kept:
        raise ValueError(_nothing(tables["train"], intake))
    if len(kept) == len(names):
        return features
    return {part: np.ascontiguousarray(values[:, kept]) for part, values in features.items()}


def _number_columns(tables: Parts, label: str, intake: Intake) -> list[str]:
    """Return the columns of numbers, which all tables must have; note all others."""
    train = tables["train"].schema
    names = []
    for field in train:
        if field.name == label:
            continue
        if is_number(field.type):
            names.append(field.name)
        else:
            intake.left_out.append(f"{printable(field.name)} ({kind_name(field.type)})")
    for part, table in tables.items():
        for name in names:
            if name not in table.column_names:
                raise ValueError(
                    f"column {printable(name)!r} is in train but not in {part}; expected the "
                    "columns of train in all"
                )
            kind = table.schema.field(name).type
            if not is_number(kind):
                raise ValueError(
                    f"column {printable(name)!r} holds {kind_name(train.field(name).type)} in "
                    f"train but {kind_name(kind)} in {part}; expected numbers in all"
                )
        intake.left_out += [
            f"{printable(field.name)} ({kind_name(field.type)}, in {part} only)"
            for field in table.schema
            if field.name not in train.names
        ]
    if not names:
        raise ValueError(_nothing(tables["train"], intake))
    return names


def _nothing(train: pa.Table, intake: Intake) -> str:
    why = f"; {'; '.join(intake.warnings)}" if intake.warnings else ""
    columns = [f"{printable(field.name)} ({kind_name(field.type)})" for field in train.schema]
    return (
        "there is nothing to learn from: no column of encoded images and no numeric column that "
        f"can be used beside the label; the columns are {listed(columns)}{why}"
    )


def _read(table: pa.Table, name: str, rows: Indices, part: str) -> tuple[_Column, list[str]]:
    """Read rows of a column; also returns what is wrong with it."""
    values = table[name]
    where = f"column {printable(name)!r} of {part}"
    if values.null_count:
        missing = values.is_null().to_numpy()[rows]
        if missing.any():
            return _Column(np.zeros(0), np.zeros(0)), [_problem(where, "no value", missing, rows)]
    if pa.types.is_decimal(values.type):
        exact = values.cast(pa.float64()).to_numpy()[rows]
        return _Column(_sortable(values, rows), exact), []
    numbers = values.to_numpy()[rows]
    exact = numbers.astype(np.float64)
    bad = ~np.isfinite(exact)
    if bad.any():
        return _Column(numbers, exact), [
            _problem(where, str(exact[np.flatnonzero(bad)[0]]), bad, rows)
        ]
    return _Column(numbers, exact), []


def _sortable(values: pa.ChunkedArray, rows: Indices) -> npt.NDArray[Any]:
    """Return decimals as the numbers of their different values, which are exact."""
    encoded = values.combine_chunks().dictionary_encode()
    codes: npt.NDArray[Any] = encoded.indices.to_numpy(zero_copy_only=False)[rows]
    return codes


def _problem(where: str, what: str, bad: npt.NDArray[np.bool_], rows: Indices) -> str:
    first = rows[np.flatnonzero(bad)[0]]
    return f"{where} has {what} in row {first} ({bad.sum():,} of {len(bad):,} rows)"


def _fits(name: str, columns: dict[str, _Column], intake: Intake) -> bool:
    """Say whether float32 holds a column's values; if not, note that it is left out."""
    shown = printable(name)
    largest = max((np.abs(column.exact).max(initial=0) for column in columns.values()), default=0)
    if largest > _LARGEST:
        intake.left_out.append(f"{shown} (values up to {largest:.1e})")
        intake.warnings.append(
            f"column {shown!r} is left out: it has values up to {largest:.1e}, float32 ends at "
            f"{_LARGEST:.1e}; write it in larger units, or its logarithm"
        )
        return False
    loss = float32_loss(*columns["train"])
    if loss is None:
        return True
    left = f"{loss.before:,} different values become {loss.after:,} in float32"
    if loss.serious:
        intake.left_out.append(f"{shown} (loses its values)")
        intake.warnings.append(
            f"column {shown!r} is left out: its {left}; write it with an offset taken off, such as "
            "seconds since the first row"
        )
        return False
    intake.warnings.append(f"column {shown!r} loses some of its values: {left}")
    return True


def _taken(field: pa.Field) -> str:
    """Name a column that is learned from, with how it is read where that is not plain."""
    name = printable(field.name)
    if pa.types.is_boolean(field.type):
        return f"{name} (bool as 0 and 1)"
    return f"{name} ({kind_name(field.type)} as float)" if pa.types.is_decimal(field.type) else name
