r"""Mixtures of Gaussians as arrays, and their fit to weighted points by EM.

Maximizing Σ_i W_i ln q(x_i) over mixtures q, with importance weights W_i of p, minimizes KL(p‖q)
(Cappé et al. 2008, Statistics and Computing 18, "M-PMC"). Each covariance is drawn to a given one,
as an inverse Wishart prior of D + 2 degrees of freedom would draw it: a component that few points
belong to cannot collapse.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.gaussian_densities import gaussian_densities
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["GaussianMixture", "fit_by_em"]

_LEAST_WEIGHT = 1e-4  # arithmetic: a floor, so that no component is lost to EM for good


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Σ_k w_k N(μ_k, L_k L_kᵀ).

    Args:
        weights: positive, summing to 1, shape (K,).
        means: shape (K, D).
        factors: L_k, lower triangular with a positive diagonal, shape (K, D, D).

    Example:
        >>> q = GaussianMixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
        >>> q.log_prob(np.zeros((1, 2))).round(4)
        array([-1.8379])
    """

    weights: Float[np.ndarray, " K"]
    means: Float[np.ndarray, "K D"]
    factors: Float[np.ndarray, "K D D"]

    def joint_log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "K N"]:
        """Ln w_k N(x; μ_k, L_k L_kᵀ), all components at once."""
        joint = gaussian_densities(self.means, self.factors, x)
        joint += np.log(self.weights)[:, None]
        return joint

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Normalized log density at points, in nats."""
        return log_sum_exp(self.joint_log_prob(x), axis=0)

    def sample(self, rng: np.random.Generator, size: int) -> Float[np.ndarray, "N D"]:
        """Draw points, stratified by component."""
        edges = np.floor(np.cumsum([0.0, *self.weights]) * size + 0.5).astype(int)
        labels = np.repeat(np.arange(len(self.weights)), np.diff(edges))
        z = rng.standard_normal((size, self.means.shape[1]))
        return self.means[labels] + np.einsum("nij,nj->ni", self.factors[labels], z)

    def colored(self, by: Gaussian) -> Mixture:
        """Return the mixture of what was whitened, as an approximation that can be drawn from."""
        gaussians = [
            Gaussian(mean, np.tril(by.cholesky @ factor))
            for mean, factor in zip(by.color(self.means), self.factors, strict=True)
        ]
        return Mixture(tuple(GaussianComponent(g) for g in gaussians), self.weights)

    def joined(self, other: "GaussianMixture", share: float) -> "GaussianMixture":
        """Return this mixture with a share of the weight given to another one."""
        return GaussianMixture(
            np.concatenate([(1.0 - share) * self.weights, share * other.weights]),
            np.concatenate([self.means, other.means]),
            np.concatenate([self.factors, other.factors]),
        )


def fit_by_em(
    start: GaussianMixture,
    x: Float[np.ndarray, "N D"],
    priors: Float[np.ndarray, "K D D"],
    *,
    steps: int,
) -> GaussianMixture:
    """Improve a mixture by EM on points of equal weight.

    Args:
        start: the first mixture.
        x: points, resampled by their importance weights.
        priors: the covariance that each component's is drawn to.
        steps: of EM.
    """
    q, dim = start, x.shape[1]
    strength = dim + 2.0
    rows, columns = np.tril_indices(dim)
    features = np.column_stack([x, x[:, rows] * x[:, columns]])
    scatter = np.empty(priors.shape)
    for _ in range(steps):
        shares = _joint(q, features, rows, columns)
        shares -= shares.max(axis=0)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=0)
        counts = shares.sum(axis=1)
        sums = shares @ features
        # One that hardly any point belongs to has no place of its own, and keeps its last one.
        lost = counts < 1.0
        means = sums[:, :dim] / np.maximum(counts, 1.0)[:, None]
        means = np.where(lost[:, None], q.means, means)
        # Σ r (x − μ)(x − μ)ᵀ, of points that are of order one
        scatter[:, rows, columns] = scatter[:, columns, rows] = sums[:, dim:]
        first = sums[:, :dim, None] * means[:, None, :]
        squares = counts[:, None, None] * means[:, :, None] * means[:, None, :]
        around = scatter - first - first.transpose(0, 2, 1) + squares
        pooled = (around + strength * priors) / (counts + strength)[:, None, None]
        weights = np.maximum(counts / len(x), _LEAST_WEIGHT)
        q = GaussianMixture(weights / weights.sum(), means, np.linalg.cholesky(pooled))
    return q


def _joint(
    q: GaussianMixture,
    features: Float[np.ndarray, "N F"],
    rows: Int[np.ndarray, " T"],
    columns: Int[np.ndarray, " T"],
) -> Float[np.ndarray, "K N"]:
    """``joint_log_prob``, up to one constant, as a product with x and its products in pairs.

    Squares of x, and of means, in a component's own sd cancel in it, which is no matter to EM.
    """
    inverse = np.linalg.inv(q.factors)
    precision = inverse.mT @ inverse
    pulled = np.matmul(precision, q.means[:, :, None])[:, :, 0]
    twice = np.where(rows == columns, 0.5, 1.0)
    linear = np.concatenate([pulled, -twice * precision[:, rows, columns]], axis=1)
    log_scale = np.log(np.diagonal(q.factors, axis1=1, axis2=2)).sum(axis=1)
    constant = np.log(q.weights) - 0.5 * np.vecdot(q.means, pulled) - log_scale
    return linear @ features.T + constant[:, None]
