"""What a person may set: one model a part, the only place where an option is written."""

__all__: list[str] = []
