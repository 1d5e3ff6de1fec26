"""Training a supernet: weights and alphas in turn, and what they come to."""

from raynas.training.darts.supernet_fit import check_supernet, fit_supernet

__all__ = ["check_supernet", "fit_supernet"]
