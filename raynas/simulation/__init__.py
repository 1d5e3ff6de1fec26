"""The strategies on a lookup table, with simulated workers; no Ray, no training."""

__all__: list[str] = []
