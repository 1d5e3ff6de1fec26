"""What stands between a row or photo as a person has it and the inputs of a network.

It is fitted on the training rows of a data set, and stored with each network that is found.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

DatePart = Literal["year", "month", "day", "weekday", "hour", "minute"]
DATE_PARTS: tuple[DatePart, ...] = ("year", "month", "day", "weekday", "hour", "minute")
"""Weekdays are 0 (Monday) to 6, months and days from 1."""

BILINEAR = 2
"""How images are resized, as Pillow numbers it: averaged over what a pixel stands for."""

Floats = npt.NDArray[np.float64]


class InputColumn(BaseModel):
    """A column of a table, and which inputs of a network are made of it.

    A "number" is one input. A "category" is one input a text in `categories`, which is 1 for that
    text; of another text all are 0. A "date" is one input a part, a "list" one an element. Where a
    value is missing there is `fill`, a number an input: the mean of the training rows; where
    `indicator` is true, one more input is 1 for a missing value and else 0.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    kind: Literal["number", "category", "date", "list"] = "number"
    fill: list[float]
    indicator: bool = False
    categories: list[str] = []
    parts: list[DatePart] = []

    @property
    def inputs(self) -> list[str]:
        """Name the inputs that are made of the column, in order."""
        names = {
            "number": [self.name],
            "category": [f"{self.name}={text}" for text in self.categories],
            "date": [f"{self.name}: {part}" for part in self.parts],
            "list": [f"{self.name}[{i}]" for i in range(len(self.fill))],
        }[self.kind]
        return [*names, f"{self.name} is missing"] if self.indicator else names

    def encode(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the inputs of some rows, shape (rows, inputs).

        `values` are float64 with NaN where one is missing (of a list: shape (rows, elements)),
        texts and None as objects, or datetime64[s] and NaT.
        """
        if self.kind == "category":
            place = {text: i for i, text in enumerate(self.categories)}
            numbers = np.array([place.get(text, -1) for text in values], dtype=np.int64)
            rows = np.flatnonzero(numbers >= 0)
            encoded = np.zeros((len(values), len(self.categories)))
            encoded[rows, numbers[rows]] = 1
            missing = np.array([text is None for text in values], dtype=bool)
        else:
            several = date_parts(values, self.parts) if self.kind == "date" else values
            several = several.reshape(len(values), len(self.fill))
            missing = np.asarray(np.isnan(several).any(axis=1))
            encoded = np.where(np.isnan(several), np.array(self.fill), several)
        if self.indicator:
            encoded = np.column_stack([encoded, missing])
        return encoded.astype(np.float32)

    def read(self, values: Sequence[Any]) -> npt.NDArray[Any]:
        """Bring values as Python has them to what `encode` takes; None and NaN are missing.

        Raises:
            ValueError: one is nothing that the column can hold.
        """
        plain = [None if _is_missing(value) else value for value in values]
        if self.kind == "category":
            return np.array([None if value is None else str(value) for value in plain], object)
        read = {"number": self._number, "date": self._date, "list": self._list}[self.kind]
        return np.array([read(value) for value in plain])

    def _number(self, value: Any) -> float:
        try:
            number = float("nan" if value is None else value)
        except (TypeError, ValueError) as error:
            raise self._unlike("a number", value) from error
        if np.isinf(number):
            raise self._unlike("a finite number", value)
        return number

    def _date(self, value: Any) -> np.datetime64:
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        try:
            return np.datetime64("NaT" if value is None else value, "s")
        except (TypeError, ValueError) as error:
            raise self._unlike("a date like 2024-05-31 or 2024-05-31T12:30", value) from error

    def _list(self, value: Any) -> list[float]:
        if value is None:
            return [float("nan")] * len(self.fill)
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != len(self.fill):
            raise self._unlike(f"{len(self.fill)} numbers", value)
        return [self._number(None if _is_missing(one) else one) for one in value]

    def _unlike(self, expected: str, value: Any) -> ValueError:
        return ValueError(f"column {self.name!r}: expected {expected}, got {value!r:.100}")


class Preparation(BaseModel):
    """How inputs are made: of the `columns` of a table, in this order; or of images.

    Without columns inputs are as they are. Images of other sizes are `resized` to that of the
    network where those of the data set were.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    columns: list[InputColumn] = []
    resized: bool = False

    @property
    def inputs(self) -> list[str]:
        """Name the inputs, in order."""
        return [name for column in self.columns for name in column.inputs]

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.float32]:
        """Return the inputs of rows, each with a value a column by its name: (rows, inputs).

        Raises:
            ValueError: a row lacks a column, or has a value that the column cannot hold.
        """
        for row in rows:
            lacking = [column.name for column in self.columns if column.name not in row]
            if lacking:
                raise ValueError(
                    f"a row lacks {', '.join(map(repr, lacking))}; expected a value (None is "
                    f"missing) of {', '.join(repr(column.name) for column in self.columns)}"
                )
        return np.concatenate(
            [
                column.encode(column.read([row[column.name] for row in rows]))
                for column in self.columns
            ],
            axis=1,
        )


def date_parts(dates: npt.NDArray[Any], parts: Sequence[DatePart]) -> Floats:
    """Return parts of dates (datetime64[s]) as numbers, shape (dates, parts); of NaT NaN."""
    days, months = dates.astype("datetime64[D]"), dates.astype("datetime64[M]")
    years = dates.astype("datetime64[Y]")
    seconds = (dates - days).astype(np.int64)
    numbers: dict[DatePart, npt.NDArray[np.int64]] = {
        "year": years.astype(np.int64) + 1970,
        "month": (months - years).astype(np.int64) + 1,
        "day": (days - months).astype(np.int64) + 1,
        "weekday": (days.astype(np.int64) + 3) % 7,
        "hour": seconds // 3600,
        "minute": seconds // 60 % 60,
    }
    return np.stack(
        [np.where(np.isnat(dates), np.nan, numbers[part]) for part in parts], axis=1
    ).astype(np.float64)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, or the NaN, NaT or NA of NumPy and pandas."""
    if value is None:
        return True
    if isinstance(value, str | bytes) or hasattr(value, "__len__"):
        return False
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA is neither equal nor unequal
        return True
