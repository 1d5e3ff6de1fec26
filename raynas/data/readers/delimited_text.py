"""Tables of text: CSV, and values separated by tabs, semicolons or bars."""

import re
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc_csv

from raynas.data.intake import Intake, listed, printable
from raynas.data.source import first_line
from raynas.data.tables.categories import is_written_number

_SEPARATORS = ",;\t|"
_MISSING = [*pc_csv.ConvertOptions().null_values, "?"]
"""What stands for a missing value unless it is in quotes, beside nothing at all."""
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_LOOKED_AT = 50
"""Lines that tell how numbers are written."""
_QUOTED = re.compile(r'"[^"]*"')


def read_delimited(fs: Any, file: str, intake: Intake) -> pa.Table:
    """Read a table of text whose first line names the columns, compressed or not.

    Its separator is the one that the first line has most of; with semicolons, decimal commas are
    understood. Types are told from the values. A first column without a name that counts the rows
    is the index of a pandas frame and left out.

    Raises:
        ValueError: the file cannot be read, has no line of names, or a row of another length.
    """
    text = _text(fs, file, intake)
    head, *others = text[: 1 << 20].lstrip("\ufeff").split("\n", _LOOKED_AT)
    if not text.strip("\ufeff \r\n"):
        raise ValueError(f"{file} is empty; expected a first line with the names of the columns")
    if "\0" in head:
        raise ValueError(f"{file} is no text: it has NUL in its first line; {_EXPECTED}")
    plain = _QUOTED.sub("", head)
    separator = max(_SEPARATORS, key=plain.count)
    fields = [field for line in others[:_LOOKED_AT] for field in line.strip().split(separator)]
    comma = separator != "," and any(_DECIMAL_COMMA.fullmatch(field) for field in fields)
    table = _parsed(text, file, separator, "," if comma else ".")
    names = table.column_names
    if all(is_written_number(name.strip()) for name in names):
        raise ValueError(
            f"{file} has no names of columns: its first line is {printable(head.strip())[:60]!r}; "
            f"{_EXPECTED}"
        )
    if comma:
        intake.changed.append("decimal commas read as points")
    intake.rows_are = "; rows count from 0 below the line of names"
    return _without_index(table, file, intake)


_EXPECTED = "expected a first line with the names of the columns, then a row a line"


def _text(fs: Any, file: str, intake: Intake) -> str:
    try:
        with fs.open(file, "rb", compression="infer") as opened:
            content: bytes = opened.read()
    except Exception as error:  # each file system and compression lets through others
        raise ValueError(f"{file} cannot be read: {first_line(error)}") from error
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"{file} begins as UTF-16 but is none: write it as UTF-8") from error
    intake.changed.append("text read as Windows-1252, since it is not UTF-8")
    return content.decode("cp1252", errors="replace")


def _parsed(text: str, file: str, separator: str, decimal_point: str) -> pa.Table:
    wrong: list[Any] = []

    def stop(row: Any) -> str:
        wrong.append(row)
        return "error"

    try:
        return pc_csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pc_csv.ReadOptions(use_threads=False),
            parse_options=pc_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=stop
            ),
            convert_options=pc_csv.ConvertOptions(
                null_values=_MISSING,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                decimal_point=decimal_point,
            ),
        )
    except (pa.ArrowException, ValueError) as error:
        if wrong:
            row = wrong[0]
            raise ValueError(
                f"{file}, line {row.number}: expected {row.expected_columns} values as the first "
                f"line has names, got {row.actual_columns}: {printable(row.text)[:80]!r}"
            ) from error
        raise ValueError(f"{file} cannot be read as a table: {first_line(error)}") from error


def _without_index(table: pa.Table, file: str, intake: Intake) -> pa.Table:
    names = table.column_names
    if names[0] == "" and pa.types.is_integer(table.column(0).type):
        intake.left_out.append("the first column, which has no name (the index of a pandas frame)")
        table = table.remove_column(0)
        names = names[1:]
    if unnamed := [str(i + 1) for i, name in enumerate(names) if not name.strip()]:
        raise ValueError(
            f"{file}: no name in the first line for column {listed(unnamed)}; expected one for each"
        )
    return table
