"""A Gaussian process over groups of features, its kernel's few parameters by marginal likelihood.

k(a, b) = sum over groups g of w_g m(|a_g - b_g|² / l_g), plus noise, where m is Matérn's function
of order 3/2, m(d) = (1 + sqrt(3 d)) exp(-sqrt(3 d)); the mean is a constant.
See Rasmussen & Williams 2006 (http://gaussianprocess.org/gpml/), chapters 2, 4 and 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.sparse import csr_array

Matrix = npt.NDArray[np.float64]

JITTER = 1e-6
DENSE = 0.05
"""Share of entries from which a product of dense matrices is faster than one of sparse ones."""


@dataclass(frozen=True)
class Rows:
    """One group of features: a sparse row a point, and each row's squared length.

    A length may count more than the row shows: what no other point has.
    """

    matrix: csr_array
    squares: Matrix

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.squares)

    def dense(self) -> Matrix:
        """Return the rows as a full matrix."""
        return np.asarray(self.matrix.toarray())

    def __getitem__(self, places: Sequence[int] | npt.NDArray[np.int64]) -> "Rows":
        """Return some of the rows."""
        return Rows(self.matrix[places], self.squares[places])


@dataclass(frozen=True)
class Kernel:
    """Weight and length (of squared distance) of each group, and the noise's variance."""

    weights: tuple[float, ...]
    lengths: tuple[float, ...]
    noise: float

    def __call__(self, one: Sequence[Rows], other: Sequence[Rows]) -> Matrix:
        """Return the covariances, shape (rows of one, rows of other), without noise."""
        groups = zip(self.weights, self.lengths, one, other, strict=True)
        parts = [w * _matern(_distances(a, b) / length)[0] for w, length, a, b in groups]
        return np.asarray(np.sum(parts, axis=0))


def _matern(scaled: Matrix) -> tuple[Matrix, Matrix]:
    """Return m of squared distances in lengths, and its slope by the length's logarithm."""
    root = np.sqrt(3 * scaled)
    decay = np.exp(-root)
    return (1 + root) * decay, 0.5 * root**2 * decay


def _distances(one: Rows, other: Rows) -> Matrix:
    """Squared Euclidean distances between rows."""
    full = other.matrix.nnz > DENSE * len(other) * other.matrix.shape[1]
    products = one.dense() @ other.dense().T if full else (one.matrix @ other.matrix.T).toarray()
    return np.asarray(np.maximum(one.squares[:, None] + other.squares - 2 * products, 0.0))


def fit_kernel(groups: Sequence[Rows], targets: Matrix, extra_noise: Matrix) -> Kernel:
    """Find the kernel with the highest posterior: marginal likelihood times a broad prior.

    The prior centres equal weights that sum to 1, each group's mean distance as its length and a
    noise of 0.01, for targets of about unit scale; a group that tells nothing apart gets no weight.
    `extra_noise` (n,) is added variance.
    """
    count = len(groups)
    distances = [_distances(group, group) for group in groups]
    scales = np.array([d.mean() for d in distances])
    telling = scales > JITTER
    weights = np.where(telling, 1 / max(1, telling.sum()), JITTER)
    centre = np.log([*weights, *np.maximum(scales, JITTER), 1e-2])
    spread = np.array([0.4] * (2 * count) + [1.0])
    wide = [2.0] * (2 * count) + [4.0]
    result = minimize(
        _loss,
        centre,
        args=(distances, targets, extra_noise, centre, spread),
        jac=True,
        method="L-BFGS-B",
        bounds=[(c - w, c + w) for c, w in zip(centre, wide, strict=True)],
        options={"maxiter": 30},
    )
    values = np.exp(result.x)
    return Kernel(tuple(values[:count]), tuple(values[count:-1]), float(values[-1]))


def _loss(
    logs: Matrix,
    distances: list[Matrix],
    targets: Matrix,
    extra_noise: Matrix,
    centre: Matrix,
    spread: Matrix,
) -> tuple[float, Matrix]:
    """Negative log posterior of the kernel's logarithms, and its gradient."""
    count, number = len(distances), len(targets)
    values = np.exp(logs)
    scaled = [d / length for d, length in zip(distances, values[count:-1], strict=True)]
    parts, slopes = zip(*map(_matern, scaled), strict=True)
    noise = values[-1] + extra_noise + JITTER
    covariance = np.diag(noise) + sum(w * p for w, p in zip(values[:count], parts, strict=True))
    try:
        factor = cholesky(covariance, lower=True, check_finite=False)
    except LinAlgError:
        return 1e10, np.zeros_like(logs)
    inverse = cho_solve((factor, True), np.eye(number), check_finite=False)
    ones = inverse.sum(axis=1)
    rest = targets - ones @ targets / ones.sum()
    solved = inverse @ rest
    slope = 0.5 * (inverse - np.outer(solved, solved))
    off = (logs - centre) / spread
    loss = 0.5 * rest @ solved + np.log(np.diag(factor)).sum() + 0.5 * off @ off
    weight_slopes = [w * np.vdot(slope, p) for w, p in zip(values[:count], parts, strict=True)]
    length_slopes = [w * np.vdot(slope, s) for w, s in zip(values[:count], slopes, strict=True)]
    gradient = np.array([*weight_slopes, *length_slopes, np.trace(slope) * values[-1]])
    return float(loss), gradient + off / spread


class Posterior:
    """What the process believes of any point, given observed points and pending ones.

    A pending point counts as if observed at the mean that is believed of it (kriging believer,
    Ginsbourger 2010, https://hal.science/hal-00260579): means stay, uncertainty there vanishes.
    """

    def __init__(
        self, kernel: Kernel, groups: Sequence[Rows], targets: Matrix, extra_noise: Matrix
    ) -> None:
        """Take the rows of observed points, then those of pending ones, which have no target."""
        self._kernel = kernel
        self._groups = groups
        self._observed = len(targets)
        noise = np.full(len(groups[0]), kernel.noise + JITTER)
        noise[: self._observed] += extra_noise
        covariance = kernel(groups, groups) + np.diag(noise)
        self._factor = cholesky(covariance, lower=True, check_finite=False)
        seen = self._factor[: self._observed, : self._observed]  # the factor of the observed alone
        ones = cho_solve((seen, True), np.ones(self._observed), check_finite=False)
        self.mean = float(ones @ targets / ones.sum())
        self._solved = cho_solve((seen, True), targets - self.mean, check_finite=False)
        self.believed = targets - noise[: self._observed] * self._solved
        """The mean at each observed point (n,): what its noise is thought to hide."""

    def __call__(self, groups: Sequence[Rows]) -> tuple[Matrix, Matrix]:
        """Return mean and standard deviation of each row."""
        means, explained = self._explained(groups)
        variances = sum(self._kernel.weights) - np.einsum("ij,ij->j", explained, explained)
        return means, np.sqrt(np.maximum(variances, 1e-9))

    def joint(self, groups: Sequence[Rows], prior: Matrix) -> tuple[Matrix, Matrix]:
        """Return mean and covariances of the rows, shapes (rows,) and (rows, rows).

        `prior` are the covariances that they have under the kernel.
        """
        means, explained = self._explained(groups)
        return means, prior - explained.T @ explained

    def _explained(self, groups: Sequence[Rows]) -> tuple[Matrix, Matrix]:
        """Return each row's mean, and the part of it that the points explain, (points, rows)."""
        covariance = self._kernel(groups, self._groups)
        means = self.mean + covariance[:, : self._observed] @ self._solved
        return means, solve_triangular(self._factor, covariance.T, lower=True, check_finite=False)
