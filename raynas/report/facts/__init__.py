"""What the page tells, from the record by counting."""

__all__: list[str] = []
