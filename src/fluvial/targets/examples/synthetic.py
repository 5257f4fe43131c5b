"""Distributions that are hard in one way each, normalized, with exact draws."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.constants import LOG_2PI
from fluvial.errors import InputError
from fluvial.targets.examples.example import Example
from fluvial.targets.examples.radial_draws import ring_draws
from fluvial.targets.target import Target

__all__ = [
    "banana",
    "correlated",
    "funnel",
    "gaussian",
    "ill_conditioned",
    "mixture",
    "ring",
    "student_t",
]


def _normal(x, mean, log_scale):
    """Return the log density of a Gaussian with the given log standard deviation."""
    return -0.5 * ((x - mean) * jnp.exp(-log_scale)) ** 2 - log_scale - 0.5 * LOG_2PI


def funnel(dim: int = 10) -> Example:
    r"""Neal's funnel: v ~ N(0, 3^2) and, given v, x_i ~ N(0, e^v) for i = 1 .. D - 1.

    The neck is narrow and the mouth is wide, so that no single scale fits (Neal 2003, "Slice
    sampling", section 8).

    Args:
        dim: D, at least 2.

    Raises:
        InputError: if D is less than 2.

    Example:
        >>> funnel().target.variables
        {'v': (), 'x': (9,)}
    """
    _at_least_two(dim)

    def log_density(p):
        v, x = p["v"], p["x"]
        return _normal(v, 0, math.log(3.0)) + jnp.sum(_normal(x, 0, v / 2))

    def sample(seed, n):
        rng = np.random.default_rng(seed)
        v = 3 * rng.normal(size=(n, 1))
        return np.concatenate([v, np.exp(v / 2) * rng.normal(size=(n, dim - 1))], axis=1)

    example = {"v": 0.0, "x": np.zeros(dim - 1)}
    return Example(Target(log_density, example=example), 0.0, sample)


def banana(dim: int = 2) -> Example:
    r"""A bent Gaussian: x_1 ~ N(0, 10^2) and, given x_1, x_2 ~ N(b (x_1^2 - 100), 1), b = 0.03.

    Further coordinates are N(0, 1). The bend preserves volume (Haario, Saksman & Tamminen 1999,
    "Adaptive proposal distribution for random walk Metropolis algorithm", section 4).

    Args:
        dim: D, at least 2.

    Raises:
        InputError: if D is less than 2.
    """
    _at_least_two(dim)

    def log_density(x):
        bend = 0.03 * (x[0] ** 2 - 100)
        first = _normal(x[0], 0, math.log(10.0))
        return first + _normal(x[1], bend, 0) + jnp.sum(_normal(x[2:], 0, 0))

    def sample(seed, n):
        x = np.random.default_rng(seed).normal(size=(n, dim))
        x[:, 0] *= 10
        x[:, 1] += 0.03 * (x[:, 0] ** 2 - 100)
        return x

    return Example(Target(log_density, dim), 0.0, sample)


def mixture(
    dim: int = 2,
    weights: Sequence[float] = (0.6, 0.3, 0.1),
    scales: Sequence[float] = (1.0, 0.5, 0.75),
    distance: float = 6.0,
) -> Example:
    r"""Round Gaussians of unequal weights w_k and standard deviations s_k, far from each other.

    .. math:: p(x) = \sum_k w_k \, N(x; m_k, s_k^2 I),

    whose means m_k lie evenly on a circle about 0 in the plane of the first two coordinates.

    Args:
        dim: D, at least 2.
        weights: positive; they are divided by their sum.
        scales: the standard deviations, one for each weight.
        distance: the circle's radius.

    Raises:
        InputError: if D is less than 2, or weights and scales differ in number.
    """
    _at_least_two(dim)
    if len(weights) != len(scales):
        raise InputError(f"{len(weights)} weights but {len(scales)} scales: give as many of both.")
    w, s = np.asarray(weights, np.float64) / np.sum(weights), np.asarray(scales, np.float64)
    angles = 2 * math.pi * np.arange(len(w)) / len(w)
    means = np.zeros((len(w), dim))
    means[:, :2] = distance * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def log_density(x):
        m, log_w, log_s = (jnp.asarray(a, x.dtype) for a in (means, np.log(w), np.log(s)))
        each = jnp.sum(_normal(x, m, log_s[:, None]), axis=1)
        return jax.scipy.special.logsumexp(log_w + each)

    def sample(seed, n):
        rng = np.random.default_rng(seed)
        k = rng.choice(len(w), size=n, p=w)
        return means[k] + s[k, None] * rng.normal(size=(n, dim))

    return Example(Target(log_density, dim), 0.0, sample)


def ring(radius: float = 3.0, scale: float = 0.1) -> Example:
    r"""A thin ring in the plane: p(x) proportional to exp(-((|x| - R) / s)^2 / 2).

    .. math:: Z = 2\pi \left(s^2 e^{-R^2 / 2s^2} + R s \sqrt{2\pi}\, \Phi(R / s)\right)

    Args:
        radius: R, positive.
        scale: s, the width, positive.
    """

    def log_density(x):
        square = jnp.sum(x**2)
        # Without the inner choice the gradient at the center would be NaN.
        r = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)
        return -0.5 * ((r - radius) / scale) ** 2

    ratio = radius / scale
    half = scale**2 * math.exp(-0.5 * ratio**2)
    other = radius * scale * math.sqrt(2 * math.pi) * 0.5 * math.erfc(-ratio / math.sqrt(2))

    def sample(seed, n):
        return ring_draws(np.random.default_rng(seed), n, radius=radius, scale=scale)

    return Example(Target(log_density, 2), math.log(2 * math.pi * (half + other)), sample)


def gaussian(mean: np.ndarray, covariance: np.ndarray) -> Example:
    """Return a Gaussian with the given mean (D,) and covariance (D, D).

    Raises:
        InputError: if the covariance is not symmetric and positive definite.
    """
    try:
        lower = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise InputError(
            "the covariance is not positive definite: give one that has a Cholesky factor."
        ) from error
    whiten = np.linalg.inv(lower)
    constant = -np.sum(np.log(np.diag(lower))) - 0.5 * len(mean) * LOG_2PI

    def log_density(x):
        z = jnp.asarray(whiten, x.dtype) @ (x - jnp.asarray(mean, x.dtype))
        return -0.5 * jnp.sum(z**2) + float(constant)

    def sample(seed, n):
        z = np.random.default_rng(seed).normal(size=(n, len(mean)))
        return mean + z @ lower.T

    return Example(Target(log_density, len(mean)), 0.0, sample)


def ill_conditioned(dim: int = 20, condition: float = 1e6) -> Example:
    """Return a Gaussian of random orientation whose variances span the given ratio evenly in log.

    Args:
        dim: D, at least 2.
        condition: the largest variance over the smallest.

    Raises:
        InputError: if D is less than 2.
    """
    _at_least_two(dim)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(dim, dim)))
    variances = condition ** np.linspace(-0.5, 0.5, dim)
    return gaussian(np.zeros(dim), (rotation * variances) @ rotation.T)


def correlated(dim: int = 10, correlation: float = 0.95) -> Example:
    """Return a Gaussian whose coordinates, of mean 1 and variance 1, all correlate alike.

    Args:
        dim: D, at least 2.
        correlation: between any two coordinates, from 0 to less than 1.

    Raises:
        InputError: if D is less than 2.
    """
    _at_least_two(dim)
    covariance = np.full((dim, dim), correlation)
    np.fill_diagonal(covariance, 1.0)
    return gaussian(np.ones(dim), covariance)


def student_t(dim: int = 10, degrees: float = 2.5) -> Example:
    """Return independent Student-t coordinates: heavy tails that no Gaussian has.

    Args:
        dim: D.
        degrees: the degrees of freedom; the variance is finite above 2, the kurtosis above 4.
    """
    half = 0.5 * (degrees + 1)
    constant = math.lgamma(half) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)

    def log_density(x):
        return jnp.sum(constant - half * jnp.log1p(x**2 / degrees))

    def sample(seed, n):
        return np.random.default_rng(seed).standard_t(degrees, size=(n, dim))

    return Example(Target(log_density, dim), 0.0, sample)


def _at_least_two(dim: int) -> None:
    if dim < 2:
        raise InputError(f"dim is {dim}: give at least 2.")
