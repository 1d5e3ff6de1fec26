"""The parts of the page, one file each."""

__all__: list[str] = []
