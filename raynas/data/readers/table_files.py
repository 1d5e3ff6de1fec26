"""Files of tables to one table a split."""

import pyarrow as pa

from raynas.data.intake import Intake, listed, printable
from raynas.data.places import DataFiles
from raynas.data.readers.reader_table import READERS
from raynas.data.tables.column_kinds import Parts, index_columns, kind_name
from raynas.data.tables.joining import join


def read_tables(
    name: str, place: DataFiles, wanted: tuple[str | None, ...], intake: Intake
) -> Parts:
    """Read files of tables.

    Returns one table a split where the names of files (or their folders) begin with train, test,
    or validation, valid or val; else a single table, "train". Columns that are the index of a
    pandas frame are left out and noted, except `wanted` ones.

    Raises:
        ValueError: a file is no table, or files do not belong together.
    """
    by_split = place.by_split(name, place.split_of)
    tables = {
        split: {place.short(file): _read(place, file, intake) for file in files}
        for split, files in by_split.items()
    }
    everything = [table for some in tables.values() for table in some.values()]
    index = {column for table in everything for column in index_columns(table.schema)}
    index -= set(wanted)
    kinds = {field.name: field.type for table in everything for field in table.schema}
    intake.left_out += [
        f"{printable(column)} ({kind_name(kinds[column])}, the index of a pandas frame)"
        for column in sorted(index)
    ]
    return {
        split: join(
            {
                file: table.drop_columns([one for one in table.column_names if one in index])
                for file, table in some.items()
            },
            set(wanted),
            intake,
        )
        for split, some in tables.items()
    }


def _read(place: DataFiles, file: str, intake: Intake) -> pa.Table:
    table = READERS[place.kind or ".parquet"](place.fs, file, intake)
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{file} has several columns named {listed([repr(printable(name)) for name in twice])};"
            " expected a name for each"
        )
    return table
