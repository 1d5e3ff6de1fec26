"""Checks that several strategies make of their options."""


def check_count(**options: int) -> None:
    """Raise ValueError, naming the option, for each that is no integer from 1."""
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}: expected an integer from 1, got {value!r}")
