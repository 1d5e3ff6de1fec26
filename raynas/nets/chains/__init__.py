"""Chains of layers, and chains of which everything is open."""

__all__: list[str] = []
