"""Nets that hold a whole space: mixtures, their weights, and the supernet."""

__all__: list[str] = []
