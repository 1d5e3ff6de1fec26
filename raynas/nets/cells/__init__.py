"""Cells: their operations, their wiring, and nets stacked from them."""

__all__: list[str] = []
