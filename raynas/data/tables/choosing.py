"""The columns that a person has chosen to learn from, or to leave out."""

from raynas.data.intake import Intake, listed, printable
from raynas.data.tables.column_kinds import Parts
from raynas.options.data_options import DataOptions


def choose_columns(tables: Parts, options: DataOptions, intake: Intake) -> Parts:
    """Keep the label, the image column, and `features` without what is in `drop`.

    Raises:
        ValueError: one that was named is no column, is the label, or is in both.
    """
    names = tables["train"].column_names
    for option, chosen in (("features", options.features or []), ("drop", options.drop)):
        for name in chosen:
            if name not in names:
                raise ValueError(
                    f"{option}: there is no column {printable(name)!r}; the columns are "
                    f"{listed([printable(one) for one in names])}"
                )
            if name == options.label:
                raise ValueError(f"{option}: {printable(name)!r} is the label; expected others")
    both = set(options.features or []) & set(options.drop)
    if both:
        raise ValueError(f"drop: {printable(min(both))!r} is among features, too; expected one")
    kept = set(names if options.features is None else options.features) - set(options.drop)
    kept |= {options.label, options.image or options.label}
    intake.left_out += [
        f"{printable(name)} ({'drop' if name in options.drop else 'not in features'})"
        for name in names
        if name not in kept
    ]
    removed = set(names) - kept
    return {
        part: table.drop_columns([name for name in table.column_names if name in removed])
        for part, table in tables.items()
    }
