"""A space as one net: where one operation would be picked, its relaxed value has them all."""

from raynas.space.relaxation.relax import derive, is_mixture, mixtures, relax, taken

__all__ = ["derive", "is_mixture", "mixtures", "relax", "taken"]
