"""A run on the terminal: while it goes on, at its end, and whenever it is asked for."""

__all__: list[str] = []
