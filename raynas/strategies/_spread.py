"""Which evaluations a surrogate model holds when there are more than it can bear."""

import numpy as np

from raynas.strategies.proposal import Evaluation


def spread_out(evaluations: list[Evaluation], count: int) -> list[Evaluation]:
    """Choose `count` of the evaluations: the best third and, evenly spread in time, others."""
    if len(evaluations) <= count:
        return evaluations
    order = sorted(range(len(evaluations)), key=lambda i: _failed_last(evaluations[i]))
    chosen = set(order[: count // 3])
    others = [i for i in range(len(evaluations)) if i not in chosen]
    chosen |= {others[i] for i in np.linspace(0, len(others) - 1, count - len(chosen)).astype(int)}
    return [evaluations[i] for i in sorted(chosen)]


def _failed_last(evaluation: Evaluation) -> tuple[bool, float]:
    return evaluation.score is None, -(evaluation.score or 0.0)
