"""A space as one net: where one operation would be picked, its relaxed value has them all."""

from raynas.space.relaxation.relax import derive, first_chain, is_mixture, mixtures, relax, taken

__all__ = ["derive", "first_chain", "is_mixture", "mixtures", "relax", "taken"]
