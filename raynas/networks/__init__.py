"""A found network as a folder: weights, formats, 8 bits, its card, and `load`."""

__all__: list[str] = []
