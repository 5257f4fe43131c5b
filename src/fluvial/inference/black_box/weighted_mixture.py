r"""A mixture of Gaussians fitted to weighted points, by expectation-maximization.

The covariance of a component is shrunk toward what all components have in common,

.. math:: \Sigma_k = \frac{n_k S_k + \nu \bar S}{n_k + \nu},
          \qquad n_k = \frac{(\sum_i w_i r_{ik})^2}{\sum_i (w_i r_{ik})^2},

the posterior mean under an inverse Wishart prior of ν degrees of freedom (Fraley & Raftery 2007,
Journal of Classification 24). How many components there are is decided by the log density at points
that were held out.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.inference.mixtures.gaussian_mixture import GaussianMixture
from fluvial.inference.settings import DEFAULT, MixtureSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["fit_mixture"]

_JITTER = 1e-9  # arithmetic: of a variance


def fit_mixture(
    x: Float[np.ndarray, "N D"],
    log_w: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    settings: MixtureSettings = DEFAULT.mixture,
) -> Mixture:
    """Fit a mixture to weighted points.

    Args:
        x: points.
        log_w: their log weights, of which at least one is finite.
        rng: decides where components start, and which points are held out.
        settings: the thresholds, among them how many components.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = np.concatenate([rng.normal(-9.0, 1.0, (500, 2)), rng.normal(9.0, 1.0, (500, 2))])
        >>> q = fit_mixture(x, np.zeros(1000), rng)
        >>> len(q.components), q.weights.round(2).tolist()
        (2, [0.5, 0.5])
    """
    x, w = _heaviest(x, log_w, settings.negligible)
    mean = w @ x
    if len(x) < x.shape[1] + 2:  # too few to have a shape
        unit = Gaussian(mean, np.eye(x.shape[1]))
        return Mixture((GaussianComponent(unit),), np.ones(1))
    covariance = (x - mean).T @ ((x - mean) * w[:, None])
    if not np.trace(covariance) > 0.0:  # one point has all the weight
        covariance, w = np.atleast_2d(np.cov(x.T)), np.full(len(x), 1.0 / len(x))
    whitener = Gaussian(mean, _cholesky(covariance))
    z = whitener.whiten(x)
    joint = _chosen(z, w, rng, settings).joint_log_prob(z)
    fitted = _em(z, w, np.exp(joint - _log_sum(joint)), settings)
    return fitted.colored(whitener)


def _heaviest(x, log_w, negligible: float):
    usable = np.isfinite(log_w)
    x, log_w = x[usable], log_w[usable]
    order = np.argsort(-log_w)
    w = np.exp(log_w[order] - np.asarray(logsumexp(log_w)))
    kept = int(np.searchsorted(np.cumsum(w), 1.0 - negligible)) + 1
    kept = min(max(kept, x.shape[1] + 2), len(w))
    return x[order[:kept]], w[:kept] / w[:kept].sum()


def _chosen(z, w, rng: np.random.Generator, settings: MixtureSettings) -> GaussianMixture:
    """The mixture, fitted to half of the points, under which the other half is most likely."""
    worth = 1.0 / np.sum(w**2)
    dim = z.shape[1]
    half = rng.permutation(len(z)) % 2 == 0
    best = _maximized(z, w, np.ones((1, len(z))), settings)
    low, high = settings.halves
    if not (low < w[half].sum() < high):
        return best
    a, b = w[half] / w[half].sum(), w[~half] / w[~half].sum()
    count, score, falls, most = 1, -np.inf, 0, settings.components
    while count <= most and worth >= 2.0 * (dim + 1) * (count - 1) and falls < 2:
        fitted = _em(z[half], a, _apart(z[half], a, count, rng), settings)
        found = float(b @ _log_sum(fitted.joint_log_prob(z[~half])))
        if found > score + settings.better:
            best, score, falls = fitted, found, 0
        else:
            falls += 1
        count = count * 2 if count > 2 else count + 1
    return best


def _em(z, w, responsibilities, settings: MixtureSettings) -> GaussianMixture:
    fitted = _maximized(z, w, responsibilities, settings)
    last = -np.inf
    for _ in range(settings.em_steps if len(responsibilities) > 1 else 0):
        joint = fitted.joint_log_prob(z)
        total = _log_sum(joint)
        bound = float(w @ total)
        if bound < last + settings.settled:
            break
        last = bound
        fitted = _maximized(z, w, np.exp(joint - total), settings)
    return fitted


def _apart(z, w, count: int, rng: np.random.Generator):
    """Responsibilities of the nearest of so many centers."""
    return np.eye(count)[_nearest(z, _seeds(z, w, count, rng))].T


def _maximized(z, w, responsibilities, settings: MixtureSettings) -> GaussianMixture:
    mass = responsibilities * w
    shares = mass.sum(axis=1)
    kept = shares > settings.least
    mass, shares = mass[kept], shares[kept]
    dim = z.shape[1]
    parts = mass / shares[:, None]
    means = parts @ z
    sample = np.stack([_scatter(z - mean, part) for mean, part in zip(means, parts, strict=True)])
    pooled = np.tensordot(shares / shares.sum(), sample, axes=1)
    worth = shares**2 / np.sum(mass**2, axis=1)
    prior = dim + 1.0
    shrunk = (worth[:, None, None] * sample + prior * pooled) / (worth + prior)[:, None, None]
    return GaussianMixture(shares / shares.sum(), means, np.stack([_cholesky(s) for s in shrunk]))


def _scatter(centered, part):
    return centered.T @ (centered * part[:, None])


def _log_sum(joint):
    """Ln Σ exp of each column, all finite: SciPy's own version takes longer than the densities."""
    top = joint.max(axis=0)
    return top + np.log(np.sum(np.exp(joint - top), axis=0))


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
