r"""A mixture of Gaussians fitted to weighted points, by expectation-maximization.

The covariance of a component is shrunk towards what all components have in common,

.. math:: \Sigma_k = \frac{n_k S_k + \nu \bar S}{n_k + \nu},
          \qquad n_k = \frac{(\sum_i w_i r_{ik})^2}{\sum_i (w_i r_{ik})^2},

the posterior mean under an inverse Wishart prior of ν degrees of freedom (Fraley & Raftery 2007,
Journal of Classification 24). How many components there are is decided by the log density at points
that were held out.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.constants import LOG_2PI
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["fit_mixture"]

_STEPS = 30
_NEGLIGIBLE = 1e-4  # of the mass, in the lightest points: they are left out
_LEAST = 1e-3  # of the mass, in a component
_MOST = 32  # components
_JITTER = 1e-9  # of a variance


class _Fitted(NamedTuple):
    """Weights (K,), means (K, D) and lower Cholesky factors (K, D, D) in whitened coordinates."""

    shares: np.ndarray
    means: np.ndarray
    factors: np.ndarray


def fit_mixture(
    x: Float[np.ndarray, "N D"],
    log_w: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    most: int = _MOST,
) -> Mixture:
    """Fit a mixture to weighted points.

    Args:
        x: points.
        log_w: their log weights, of which at least one is finite.
        rng: decides where components start, and which points are held out.
        most: components.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = np.concatenate([rng.normal(-9.0, 1.0, (500, 2)), rng.normal(9.0, 1.0, (500, 2))])
        >>> q = fit_mixture(x, np.zeros(1000), rng)
        >>> len(q.components), q.weights.round(2).tolist()
        (2, [0.5, 0.5])
    """
    x, w = _heaviest(x, log_w)
    mean = w @ x
    if len(x) < x.shape[1] + 2:  # too few to have a shape
        unit = Gaussian(mean, np.eye(x.shape[1]))
        return Mixture((GaussianComponent(unit),), np.ones(1))
    covariance = (x - mean).T @ ((x - mean) * w[:, None])
    whitener = Gaussian(mean, _cholesky(covariance))
    z = whitener.whiten(x)
    fitted = _em(z, w, _chosen(z, w, rng, most), rng)
    components = tuple(
        GaussianComponent(Gaussian(whitener.color(m[None])[0], whitener.cholesky @ factor))
        for m, factor in zip(fitted.means, fitted.factors, strict=True)
    )
    return Mixture(components, fitted.shares)


def _heaviest(x, log_w):
    usable = np.isfinite(log_w)
    x, log_w = x[usable], log_w[usable]
    order = np.argsort(-log_w)
    w = np.exp(log_w[order] - np.asarray(logsumexp(log_w)))
    kept = int(np.searchsorted(np.cumsum(w), 1.0 - _NEGLIGIBLE)) + 1
    kept = min(max(kept, x.shape[1] + 2), len(w))
    return x[order[:kept]], w[:kept] / w[:kept].sum()


def _chosen(z, w, rng: np.random.Generator, most: int) -> int:
    """The number of components whose log density at points held out is largest."""
    worth = 1.0 / np.sum(w**2)
    dim = z.shape[1]
    half = rng.permutation(len(z)) % 2 == 0
    if not (0.05 < w[half].sum() < 0.95):
        return 1
    a, b = w[half] / w[half].sum(), w[~half] / w[~half].sum()
    best, count, score, falls = 1, 1, -np.inf, 0
    while count <= most and worth >= 2.0 * (dim + 1) * (count - 1) and falls < 2:
        fitted = _em(z[half], a, count, rng)
        found = float(b @ _log_sum(_log_joint(z[~half], fitted)))
        if found > score + 0.01:
            best, score, falls = count, found, 0
        else:
            falls += 1
        count = count * 2 if count > 2 else count + 1
    return best


def _em(z, w, count: int, rng: np.random.Generator) -> _Fitted:
    responsibilities = np.eye(count)[_nearest(z, _seeds(z, w, count, rng))]
    last = -np.inf
    fitted = _maximized(z, w, responsibilities)
    for _ in range(_STEPS if count > 1 else 0):
        joint = _log_joint(z, fitted)
        total = _log_sum(joint)
        bound = float(w @ total)
        if bound < last + 1e-4:
            break
        last = bound
        fitted = _maximized(z, w, np.exp(joint - total[:, None]))
    return fitted


def _maximized(z, w, responsibilities) -> _Fitted:
    mass = w[:, None] * responsibilities
    shares = mass.sum(axis=0)
    kept = shares > _LEAST
    mass, shares = mass[:, kept], shares[kept]
    dim = z.shape[1]
    means = (mass / shares).T @ z
    sample = np.empty((len(shares), dim, dim))
    for k in range(len(shares)):
        centered = z - means[k]
        sample[k] = centered.T @ (centered * (mass[:, k] / shares[k])[:, None])
    pooled = np.tensordot(shares / shares.sum(), sample, axes=1)
    worth = shares**2 / np.sum(mass**2, axis=0)
    prior = dim + 1.0
    shrunk = (worth[:, None, None] * sample + prior * pooled) / (worth + prior)[:, None, None]
    factors = np.stack([_cholesky(s) for s in shrunk])
    return _Fitted(shares / shares.sum(), means, factors)


def _log_joint(z, fitted: _Fitted):
    terms = np.empty((len(z), len(fitted.shares)))
    for k, (share, mean, factor) in enumerate(zip(*fitted, strict=True)):
        inverse = scipy.linalg.solve_triangular(factor, np.eye(len(mean)), lower=True)
        u = (z - mean) @ inverse.T
        log_det = np.log(np.diag(factor)).sum()
        terms[:, k] = np.log(share) - 0.5 * np.einsum("ij,ij->i", u, u) - log_det
    return terms - 0.5 * z.shape[1] * LOG_2PI


def _log_sum(joint):
    """Ln Σ exp of each row, all finite: SciPy's own version takes longer than the densities."""
    top = joint.max(axis=1)
    return top + np.log(np.sum(np.exp(joint - top[:, None]), axis=1))


def _seeds(z, w, count: int, rng: np.random.Generator):
    """Centers that are far apart (Arthur & Vassilvitskii 2007, k-means++)."""
    centers = [z[rng.choice(len(z), p=w)]]
    nearest = np.sum((z - centers[0]) ** 2, axis=1)
    for _ in range(count - 1):
        chance = w * nearest
        if not chance.sum() > 0.0:
            break
        centers.append(z[rng.choice(len(z), p=chance / chance.sum())])
        nearest = np.minimum(nearest, np.sum((z - centers[-1]) ** 2, axis=1))
    return np.stack(centers)


def _nearest(z, centers):
    squares = np.sum(centers**2, axis=1) - 2.0 * z @ centers.T
    return np.argmin(squares, axis=1)


def _cholesky(covariance):
    dim = len(covariance)
    scale = max(float(np.trace(covariance)) / dim, 1e-300)
    jitter = _JITTER
    while True:
        try:
            return np.linalg.cholesky(covariance + jitter * scale * np.eye(dim))
        except np.linalg.LinAlgError:
            jitter *= 10.0
