"""How wide intervals must be so that they hold what they promise."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from raynas.strategies.proposal import Evaluation

BELIEVED = 20
"""Results that intervals are thought to have held before any was seen."""
QUANTILE = 0.97
"""A little above the 95 % that are wanted: what is predicted next is not like what was before."""


def widening(trained: Sequence[Evaluation], sign: int) -> float:
    """Return by how much intervals are widened so that the results of earlier ones lie in them.

    The process looks where it may be wrong, so its own intervals hold too few results. How far each
    result was off, in intervals as they were before widening, beside `BELIEVED` that are off as the
    normal distribution has it: the width is a high quantile of these (split conformal prediction,
    Vovk 2005, https://doi.org/10.1007/b106715).
    """
    off = [abs(z) / 1.96 for z in ndtri((np.arange(BELIEVED) + 0.5) / BELIEVED)]
    for evaluation in trained:
        notes = evaluation.notes
        if evaluation.score is not None and evaluation.finished and "widened" in notes:
            error = sign * evaluation.score - notes["predicted"]
            reach = abs(notes["interval"][error > 0] - notes["predicted"]) / notes["widened"]
            off.append(abs(error) / max(reach, 1e-12))
    return float(f"{max(1.0, np.quantile(off, QUANTILE)):.4g}")
