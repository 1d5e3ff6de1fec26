"""The columns of tables as features: which are learned from, and how inputs are made of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raynas.data.intake import Intake, listed, printable
from raynas.data.splits import Indices
from raynas.data.tables.categories import fit_category, stray_text, texts
from raynas.data.tables.column_kinds import Parts, feature_kind, kind_name
from raynas.data.tables.leaks import leak
from raynas.data.tables.number_columns import float32_problem, read_number_column
from raynas.data.tables.vector_columns import dates, elements
from raynas.preparation import DATE_PARTS, InputColumn, Preparation, date_parts

_PROBLEMS = 5
Values = dict[str, npt.NDArray[Any]]
"""Those of a column in the chosen rows of each part, as `InputColumn.encode` takes them."""


class LeftOut(Exception):  # noqa: N818 (no error: the others are learned from)
    """A column is not learned from: its type, and why."""

    def __init__(self, kind: pa.DataType, why: str) -> None:
        """Say both in words."""
        super().__init__(f"{kind_name(kind)}, {why}")


class Chosen(NamedTuple):
    """The rows that are used of each part, their labels, and which of "train" are trained on."""

    rows: dict[str, Indices]
    labels: dict[str, Indices]
    training: Indices

    def trained_on(self, values: Values) -> npt.NDArray[Any]:
        """Return the values of the rows that are trained on."""
        return values["train"][self.training]


class Inputs(NamedTuple):
    """The inputs of the chosen rows of each part, (rows, …), and how they were made."""

    arrays: dict[str, npt.NDArray[Any]]
    preparation: Preparation


def read_features(tables: Parts, chosen: Chosen, label: str, intake: Intake) -> Inputs:
    """Make inputs of all columns but `label` that can be learned from.

    What is learned from, left out, filled in and suspicious goes to `intake`.

    Raises:
        ValueError: there is nothing to learn from, the tables differ, a value is infinite, or a
            text stands among numbers.
    """
    columns: list[InputColumn] = []
    encoded: dict[str, list[npt.NDArray[np.float32]]] = {part: [] for part in tables}
    problems: list[str] = []
    for name in _candidates(tables, label, intake):
        kind = feature_kind(tables["train"].schema.field(name).type)
        try:
            made = _READERS[kind](tables, name, chosen, intake)
        except LeftOut as left_out:
            intake.left_out.append(f"{printable(name)} ({left_out})")
            continue
        except ValueError as error:
            problems.append(str(error))
            continue
        if problems:
            continue
        column, values = made
        columns.append(column)
        for part, part_values in values.items():
            encoded[part].append(column.encode(part_values))
        _say_missing(column, values, intake)
    if problems:
        more = f"; and {len(problems) - _PROBLEMS} more" if len(problems) > _PROBLEMS else ""
        raise ValueError(
            f"{'; '.join(problems[:_PROBLEMS])}{more}; expected finite numbers or nothing: correct "
            f"them, or leave the column out (--set drop=NAME){intake.rows_are}"
        )
    if not columns:
        raise ValueError(_nothing(tables["train"], intake))
    inputs = {part: np.concatenate(made, axis=1) for part, made in encoded.items()}
    return Inputs(inputs, Preparation(columns=columns))


def _candidates(tables: Parts, label: str, intake: Intake) -> list[str]:
    """Return the columns that may be learned from, which all tables must have; note all others."""
    train = tables["train"].schema
    names = []
    for field in train:
        if field.name == label:
            continue
        if feature_kind(field.type):
            names.append(field.name)
        else:
            intake.left_out.append(f"{printable(field.name)} ({kind_name(field.type)})")
    for part, table in tables.items():
        for name in names:
            _check_alike(train.field(name), table, part)
        intake.left_out += [
            f"{printable(field.name)} ({kind_name(field.type)}, in {part} only)"
            for field in table.schema
            if field.name not in train.names
        ]
    return names


def _check_alike(field: pa.Field, table: pa.Table, part: str) -> None:
    """Check that a part has a column, of the kind that it is of in train or with nothing in it."""
    name = printable(field.name)
    if field.name not in table.column_names:
        raise ValueError(
            f"column {name!r} is in train but not in {part}; expected the columns of train in all"
        )
    kind = table.schema.field(field.name).type
    wanted = feature_kind(field.type)
    if not pa.types.is_null(kind) and wanted not in ("category", feature_kind(kind)):
        expected = {"number": "numbers", "date": "dates", "list": "lists"}[wanted]
        raise ValueError(
            f"column {name!r} holds {kind_name(field.type)} in train but {kind_name(kind)} in "
            f"{part}; expected {expected} in all"
        )


def _nothing(train: pa.Table, intake: Intake) -> str:
    why = f"; {'; '.join(intake.warnings)}" if intake.warnings else ""
    columns = [f"{printable(field.name)} ({kind_name(field.type)})" for field in train.schema]
    left = f"; left out: {listed(intake.left_out)}" if intake.left_out else ""
    return (
        "there is nothing to learn from: no column of encoded images and none that can be used "
        f"beside the label; the columns are {listed(columns)}{left}{why}"
    )


Read = tuple[InputColumn, Values]
"""What is made of a column, and its values."""


def _numbers(tables: Parts, name: str, chosen: Chosen, intake: Intake) -> Read:
    where = f"column {printable(name)!r}"
    columns = {
        part: read_number_column(table[name], chosen.rows[part], f"{where} of {part}")
        for part, table in tables.items()
    }
    kind = tables["train"].schema.field(name).type
    if problem := float32_problem(name, columns, intake):
        raise LeftOut(kind, problem)
    values = {part: column.exact for part, column in columns.items()}
    trained = chosen.trained_on(values)
    if np.isnan(trained).all():
        raise LeftOut(kind, "nothing in it")
    note = {True: "bool as 0 and 1"}.get(pa.types.is_boolean(kind), "")
    note = f"{kind_name(kind)} as float" if pa.types.is_decimal(kind) else note
    intake.learned.append(f"{printable(name)} ({note})" if note else printable(name))
    _warn_of_leak(name, values["train"], chosen, intake)
    fill, indicator = [float(np.nanmean(trained))], bool(np.isnan(trained).any())
    return InputColumn(name=name, fill=fill, indicator=indicator), values


def _texts(tables: Parts, name: str, chosen: Chosen, intake: Intake) -> Read:
    values: Values = {}
    for part, table in tables.items():
        values[part] = texts(table[name])[chosen.rows[part]]
        stray = stray_text(values[part], chosen.rows[part])
        if stray is not None:
            text, row, count = stray
            raise ValueError(
                f"column {printable(name)!r} of {part} has {printable(text)[:50]!r} in row {row} "
                f"where nearly all are numbers ({count:,} of {len(values[part]):,} rows)"
            )
    column = fit_category(name, chosen.trained_on(values))
    kind = tables["train"].schema.field(name).type
    if isinstance(column, str):
        raise LeftOut(kind, column)
    place = {text: i for i, text in enumerate(column.categories)}
    codes = np.array([place.get(text, -1) for text in values["train"]], np.float64)
    _warn_of_leak(name, codes, chosen, intake)
    different = len({text for text in chosen.trained_on(values) if text is not None})
    more = f"the most frequent of {different:,}" if different > len(place) else "of text"
    intake.learned.append(f"{printable(name)} ({len(place)} categories, {more})")
    unknown = sum(
        text is not None and text not in place for part in values.values() for text in part
    )
    if unknown:
        intake.changed.append(
            f"{unknown:,} value{'s' if unknown > 1 else ''} of {printable(name)} without an input "
            "of their own: rare ones, or none of the training rows"
        )
    return column, values


def _dates(tables: Parts, name: str, chosen: Chosen, intake: Intake) -> Read:
    values = {part: dates(table[name])[chosen.rows[part]] for part, table in tables.items()}
    trained = date_parts(chosen.trained_on(values), DATE_PARTS)
    present = trained[~np.isnan(trained).any(axis=1)]
    kept = [
        (part, float(present[:, i].mean()))
        for i, part in enumerate(DATE_PARTS)
        if len(np.unique(present[:, i])) > 1
    ]
    kind = tables["train"].schema.field(name).type
    if not kept:
        raise LeftOut(kind, "one date in all rows")
    parts, fill = [part for part, _ in kept], [mean for _, mean in kept]
    intake.learned.append(f"{printable(name)} ({', '.join(parts)} of {kind_name(kind)})")
    missing = len(present) < len(trained)
    return InputColumn(name=name, kind="date", parts=parts, fill=fill, indicator=missing), values


def _lists(tables: Parts, name: str, chosen: Chosen, intake: Intake) -> Read:
    where = f"column {printable(name)!r}"
    read = {
        part: elements(table[name], chosen.rows[part], f"{where} of {part}")
        for part, table in tables.items()
    }
    kind = tables["train"].schema.field(name).type
    widths = {size for part in read.values() for size in part.sizes}
    if len(widths) != 1:
        why = f"lists of {min(widths)} to {max(widths)} numbers" if widths else "nothing in it"
        raise LeftOut(kind, why)
    (width,) = widths
    values = {part: lists.values(width) for part, lists in read.items()}
    trained = chosen.trained_on(values)
    if not width or np.isnan(trained).all(axis=0).any():
        raise LeftOut(kind, "nothing in it")
    intake.learned.append(f"{printable(name)} ({width} numbers a row)")
    fill, missing = np.nanmean(trained, axis=0).tolist(), bool(np.isnan(trained).any())
    return InputColumn(name=name, kind="list", fill=fill, indicator=missing), values


_READERS: dict[str, Callable[[Parts, str, Chosen, Intake], Read]] = {
    "number": _numbers,
    "category": _texts,
    "date": _dates,
    "list": _lists,
}


def _warn_of_leak(
    name: str, values: npt.NDArray[np.float64], chosen: Chosen, intake: Intake
) -> None:
    present = ~np.isnan(values)
    how = leak(values[present], chosen.labels["train"][present])
    if how:
        intake.warnings.append(
            f"column {printable(name)!r} {how}: if it is an id, a row number or made from the "
            f"label, leave it out: --set drop={name}"
        )


def _say_missing(column: InputColumn, values: Values, intake: Intake) -> None:
    """Note how many values are missing, and what the network gets in their place."""
    count = 0
    for part in values.values():
        absent = np.array([text is None for text in part]) if part.dtype == object else part != part
        count += int(absent.reshape(len(part), -1).any(axis=1).sum()) if len(part) else 0
    if count:
        what = "a category" if column.kind == "category" else "the mean of training"
        also = " and an input that says so" if column.indicator and what != "a category" else ""
        what = what if column.indicator or column.kind != "category" else "no category"
        intake.changed.append(
            f"{count:,} missing value{'s' if count > 1 else ''} of {printable(column.name)} taken "
            f"as {what}{also}"
        )
