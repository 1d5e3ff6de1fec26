"""The Gaussian process over architectures: fitted to evaluations, with what is pending believed."""

import math
from collections.abc import Sequence

import numpy as np

from raynas.space import Architecture, Space
from raynas.strategies.proposal import Evaluation, spread_out
from raynas.strategies.surrogate.candidates import rounded
from raynas.strategies.surrogate.features import Features, Vocabulary
from raynas.strategies.surrogate.gaussian_process import (
    JITTER,
    Kernel,
    Matrix,
    Posterior,
    fit_kernel,
)
from raynas.strategies.surrogate.listed_space import ListedSpace, list_space
from raynas.strategies.surrogate.warping import Warping, log_expected_improvement

FIT_POINTS = 200
"""Evaluations that the kernel's parameters are fitted to."""
STOPPED_NOISE = 0.25
"""Added variance of a trial that was stopped early; the scores' upper half has variance 1."""


class Surrogate:
    """What does not depend on history, and the kernel last fitted to a start of it."""

    def __init__(self, space: Space, exhaustive: int) -> None:
        """Encode the whole space at once if it has at most `exhaustive` walks."""
        self._features = Features(space)
        self.listed: ListedSpace | None = list_space(space, exhaustive, self._features)
        self._fitted: tuple[int, Kernel] | None = None

    def kernel(self, trained: list[Evaluation], initial: int) -> Kernel:
        """Fit the kernel, anew whenever there is a tenth more to fit it to."""
        count = initial
        while count + max(1, count // 10) <= len(trained):
            count += max(1, count // 10)
        if self._fitted is None or self._fitted[0] != count:
            observed = spread_out(trained[:count], FIT_POINTS)
            architectures = [e.architecture for e in observed]
            groups = Vocabulary(self._features, architectures)(architectures)
            warping = Warping([e.score for e in observed if e.score is not None] or [0.0])
            self._fitted = count, fit_kernel(groups, *_targets(observed, warping))
        return self._fitted[1]

    def encoding(self, architectures: Sequence[Architecture]) -> ListedSpace | Vocabulary:
        """Return what encodes these, and others as seen from these."""
        self._features.forget(4096)
        return self.listed or Vocabulary(self._features, architectures)


class Belief:
    """What is believed of any architecture after some evaluations, others pending."""

    def __init__(
        self,
        surrogate: Surrogate,
        kernel: Kernel,
        observed: list[Evaluation],
        pending: Sequence[Architecture],
    ) -> None:
        """Take at least one evaluation with a score."""
        architectures = [*(e.architecture for e in observed), *pending]
        self._surrogate, self._kernel = surrogate, kernel
        self._encode = surrogate.encoding(architectures)
        self._warping = Warping([e.score for e in observed if e.score is not None])
        targets, noise = _targets(observed, self._warping)
        self._posterior = Posterior(kernel, self._encode(architectures), targets, noise)
        ends = [e.score is not None and e.finished for e in observed]
        self._best = float(self._posterior.believed[ends].max())

    def improvement(self, architectures: Sequence[Architecture]) -> Matrix:
        """Return the logarithm of the improvement to expect over the best finished one.

        The best is the one with the highest believed mean, not the luckiest draw.
        """
        means, deviations = self._posterior(self._encode(architectures))
        return log_expected_improvement(means, deviations, self._best)

    def together(self, architectures: Sequence[Architecture], count: int) -> list[Architecture]:
        """Choose `count` to be evaluated, by the improvement to expect, one after the other.

        The later ones as if those before them were observed at their believed means (kriging
        believer): means stay, and uncertainty near them goes.
        """
        if count == 1:
            return list(architectures[:1])
        prior = self._kernel(*[self._surrogate.encoding(architectures)(architectures)] * 2)
        means, covariance = self._posterior.joint(self._encode(architectures), prior)
        chosen: list[int] = []
        for _ in range(min(count, len(architectures))):
            deviations = np.sqrt(np.maximum(np.diag(covariance), 1e-9))
            scores = rounded(log_expected_improvement(means, deviations, self._best))
            scores[chosen] = -np.inf
            chosen.append(int(scores.argmax()))
            column = covariance[:, chosen[-1]]
            covariance = covariance - np.outer(column, column) / (
                max(column[chosen[-1]], 0.0) + self._kernel.noise + JITTER
            )
        return [architectures[place] for place in chosen]

    def predict(
        self, architecture: Architecture, widened: float = 1.0
    ) -> tuple[float, float, float]:
        """Return the score to expect, and the lowest and highest one of its 95 % interval.

        The interval is of results, noise included, and `widened` so many times. None of the three
        is below the worst score so far, where the warping knows nothing.
        """
        means, deviations = self._posterior(self._encode([architecture]))
        mean = float(means[0])
        reach = widened * 1.96 * math.sqrt(float(deviations[0]) ** 2 + self._kernel.noise)
        undo = self._warping.undo
        return undo(mean), undo(mean - reach), undo(mean + reach)


def _targets(observed: list[Evaluation], warping: Warping) -> tuple[Matrix, Matrix]:
    """Return the warped scores and the variance to add to each; a failure is like the worst."""
    targets = [warping.lowest if e.score is None else warping(e.score) for e in observed]
    noise = [0.0 if e.finished else STOPPED_NOISE for e in observed]
    return np.array(targets), np.array(noise)
