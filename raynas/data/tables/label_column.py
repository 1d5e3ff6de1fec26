"""The label column: from its values to class numbers and the names of the classes."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raynas.data.intake import Intake, listed, printable
from raynas.data.splits import Indices
from raynas.data.tables.column_kinds import Parts, is_text, kind_name

LEGAL = "texts, whole numbers, or true and false"
FEW = 20
"""So many different labels are classes, however few rows there are."""
ROWS_A_CLASS = 5
"""With fewer rows a class than this, more than `FEW` classes look like something else."""


class _Seen(NamedTuple):
    """The different labels of a part in the order in which they come, and which each row has."""

    labels: list[Any]
    rows: Indices
    kind: pa.DataType

    @property
    def family(self) -> str:
        """What they are: texts, whole numbers, or true and false."""
        if is_text(self.kind):
            return "texts"
        return "true and false" if pa.types.is_boolean(self.kind) else "whole numbers"


def read_labels(
    tables: Parts, column: str, intake: Intake
) -> tuple[dict[str, Indices], tuple[str, ...]]:
    """Read the labels of each table as class numbers; also returns the names of the classes.

    Classes are sorted, over all tables, and named as a person writes them: whole numbers without
    a decimal point, whatever type they are stored as.

    Raises:
        ValueError: there is no such column, a row has no label, or they are no classes.
    """
    seen = {part: _read(table, column, part, intake) for part, table in tables.items()}
    _check_same_family(seen, column)
    rows = sum(len(part.rows) for part in seen.values())
    _check_whole(seen, column, rows)
    seen = {part: labels._replace(labels=_as_classes(labels)) for part, labels in seen.items()}
    classes = sorted({label for part in seen.values() for label in part.labels})
    if len(classes) < 2:
        only = f"only {printable(str(classes[0]))}" if classes else "no rows"
        raise ValueError(f"a data set needs at least two different labels, got {only}")
    if len(classes) > max(FEW, rows / ROWS_A_CLASS):
        _suspect_regression(seen, column, len(classes), rows, intake)
    number = {label: i for i, label in enumerate(classes)}
    numbered = {
        part: np.array([number[label] for label in labels.labels], dtype=np.int64)[labels.rows]
        for part, labels in seen.items()
    }
    return numbered, tuple(map(str, classes))


def _read(table: pa.Table, column: str, part: str, intake: Intake) -> _Seen:
    if column not in table.column_names:
        where = "" if part == "train" else f" in {part}"
        raise ValueError(
            f"there is no label column {printable(column)!r}{where}; the columns are "
            f"{listed([printable(name) for name in table.column_names])}: name the right one with "
            "--set label=NAME"
        )
    values = table[column]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_string_view(values.type) or pa.types.is_null(values.type):
        values = values.cast(pa.large_string())
    kind = values.type
    types = pa.types
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if not (is_text(kind) or numeric or types.is_boolean(kind)):
        raise ValueError(
            f"label column {printable(column)!r} of {part} holds {kind_name(kind)}; expected "
            f"{LEGAL}, one a row"
        )
    if types.is_float16(kind):
        values = values.cast(pa.float32())
    _refuse_missing(values, column, part, intake)
    different = pc.unique(values)
    rows = pc.index_in(values, value_set=different).to_numpy().astype(np.int64)
    return _Seen(different.to_pylist(), rows, kind)


def _refuse_missing(values: pa.ChunkedArray, column: str, part: str, intake: Intake) -> None:
    missing = values.is_null(nan_is_null=True)
    count = pc.sum(missing).as_py() or 0
    if count:
        first = pc.index(missing, value=True).as_py()
        raise ValueError(
            f"label column {printable(column)!r} of {part} has no value in row {first} "
            f"({count:,} of {len(values):,} rows); expected one in each row: leave those rows out "
            f"of the file{intake.rows_are}"
        )


def _check_same_family(seen: dict[str, _Seen], column: str) -> None:
    train = seen["train"]
    for part, labels in seen.items():
        if labels.family != train.family:
            raise ValueError(
                f"label column {printable(column)!r} holds {kind_name(train.kind)} in train but "
                f"{kind_name(labels.kind)} in {part}; expected the same in all: {LEGAL}"
            )


def _check_whole(seen: dict[str, _Seen], column: str, rows: int) -> None:
    if seen["train"].family != "whole numbers":
        return
    different = {label for part in seen.values() for label in part.labels}
    broken = next((label for label in different if not _is_whole(label)), None)
    if broken is not None:
        kind = next(part.kind for part in seen.values() if not pa.types.is_integer(part.kind))
        raise ValueError(
            f"label column {printable(column)!r} holds {kind_name(kind)} with "
            f"{_different(len(different))} in {rows:,} rows, such as {broken}: this looks like "
            f"regression, which is not supported; expected classes: {LEGAL}"
        )


def _as_classes(seen: _Seen) -> list[Any]:
    """Return labels as texts, integers or truth values."""
    whole = seen.family == "whole numbers"
    return [int(label) for label in seen.labels] if whole else seen.labels


def _is_whole(label: float | Decimal) -> bool:
    return math.isfinite(label) and label == int(label)


def _suspect_regression(
    seen: dict[str, _Seen], column: str, count: int, rows: int, intake: Intake
) -> None:
    """Warn of labels nearly every row of which is another; refuse those that are floats."""
    what = f"label column {printable(column)!r} has {_different(count)} in {rows:,} rows"
    kinds: Sequence[pa.DataType] = [part.kind for part in seen.values()]
    if seen["train"].family != "whole numbers":
        intake.warnings.append(f"{what}: is it the label? each value is taken as a class")
        return
    looks = f"{what}: this looks like regression, which is not supported"
    if not all(pa.types.is_integer(kind) for kind in kinds):
        raise ValueError(f"{looks}; expected classes: {LEGAL}, several rows of each")
    intake.warnings.append(f"{looks}; each number is taken as a class")


def _different(count: int) -> str:
    return f"{count:,} different value{'s' if count > 1 else ''}"
