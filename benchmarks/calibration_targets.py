"""Targets by the hundred whose moments and evidence are known, drawn at random by family.

A family is a function of a generator, which chooses dimension, shape and data; the same number
gives the same target. All are normalized unless their evidence is stated. Moments are those of
exact draws, and the evidence includes the Jacobians of what was mapped to the real line.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp
from jaxtyping import Float

import fluvial

__all__ = ["FAMILIES", "Known", "known"]

Sample = Callable[[np.random.Generator, int], np.ndarray]


class Known(NamedTuple):
    """A target, its exact draws, and ln Z."""

    target: fluvial.Target
    sample: Sample
    """From a generator and a number of draws to draws of shape (N, D)."""
    log_evidence: float = 0.0

    def truth(self, draws: int = 100_000) -> Float[np.ndarray, "N D"]:
        """Exact draws, by which moments are judged."""
        return self.sample(np.random.default_rng(0), draws)


def known(family: str, number: int) -> Known:
    """Return a family's target of that number."""
    return FAMILIES[family](np.random.default_rng([number, list(FAMILIES).index(family)]))


def _mixed(rng: np.random.Generator, dim: int, log_density: Callable, sample: Sample) -> Known:
    """Independent coordinates z of mean 0, seen as x = A z with A of random condition."""
    rotation = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    spread = np.exp(rng.uniform(-1.0, 1.0) * np.linspace(-1.0, 1.0, dim))
    matrix = rotation * spread
    inverse, log_det = np.linalg.inv(matrix), float(np.sum(np.log(spread)))
    return Known(
        fluvial.Target(lambda x: log_density(inverse.astype(x.dtype) @ x) - log_det, dim=dim),
        lambda rng, n: sample(rng, n) @ matrix.T,
    )


def _gaussian(rng: np.random.Generator) -> Known:
    dim = int(rng.choice([1, 2, 5, 10, 20, 50]))
    return _mixed(
        rng,
        dim,
        lambda z: -0.5 * jnp.sum(z**2) - 0.5 * dim * math.log(2 * math.pi),
        lambda rng, n: rng.normal(size=(n, dim)),
    )


def _skewed(rng: np.random.Generator) -> Known:
    """Logarithms of Gamma variables: the smaller the shape, the more skewed."""
    dim = int(rng.choice([1, 2, 3, 5, 10, 20]))
    shapes = np.exp(rng.uniform(np.log(0.7), np.log(10.0), size=dim))
    return _mixed(
        rng,
        dim,
        lambda z: jnp.sum(shapes * z - jnp.exp(z) - gammaln(shapes)),
        lambda rng, n: np.log(rng.gamma(shapes, size=(n, dim))),
    )


def _tailed(rng: np.random.Generator) -> Known:
    """Student-t coordinates of 5 to 30 degrees of freedom."""
    dim, nu = int(rng.choice([1, 2, 5, 10, 20])), float(rng.choice([5.0, 10.0, 30.0]))
    constant = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)
    return _mixed(
        rng,
        dim,
        lambda z: jnp.sum(constant - (nu + 1) / 2 * jnp.log1p(z**2 / nu)),
        lambda rng, n: rng.standard_t(nu, size=(n, dim)),
    )


def _modes(rng: np.random.Generator) -> Known:
    """Two to six Gaussians of unequal weights and widths, touching or far apart."""
    dim, count = int(rng.choice([1, 2, 3, 5, 10])), int(rng.integers(2, 7))
    means = rng.uniform(-1.0, 1.0, size=(count, dim)) * rng.choice([3.0, 6.0, 10.0])
    widths = np.exp(rng.uniform(-0.7, 0.7, size=count))
    weights = rng.dirichlet(np.full(count, 3.0))
    constant = np.log(weights) - dim * (np.log(widths) + 0.5 * math.log(2 * math.pi))

    def log_density(x):
        squares = jnp.sum((x - means.astype(x.dtype)) ** 2, axis=1)
        return logsumexp(constant.astype(x.dtype) - 0.5 * squares / widths.astype(x.dtype) ** 2)

    def sample(rng: np.random.Generator, n: int) -> np.ndarray:
        at = rng.choice(count, size=n, p=weights)
        return means[at] + widths[at, None] * rng.normal(size=(n, dim))

    return Known(fluvial.Target(log_density, dim=dim), sample)


def _funnel(rng: np.random.Generator) -> Known:
    """Neal's: v ~ N(0, s²), x_i ~ N(0, e^v), with s from harmless to 2."""
    dim, s = int(rng.choice([2, 3, 6, 10])), float(rng.uniform(0.3, 2.0))
    constant = -0.5 * dim * math.log(2 * math.pi) - math.log(s)

    def log_density(x):
        v = x[0]
        scaled = jnp.sum(x[1:] ** 2) * jnp.exp(-v)
        return constant - 0.5 * (v / s) ** 2 - 0.5 * scaled - 0.5 * (dim - 1) * v

    def sample(rng: np.random.Generator, n: int) -> np.ndarray:
        v = s * rng.normal(size=(n, 1))
        return np.hstack([v, np.exp(0.5 * v) * rng.normal(size=(n, dim - 1))])

    return Known(fluvial.Target(log_density, dim=dim), sample)


def _bent(rng: np.random.Generator) -> Known:
    """Bananas: x_2 ~ N(b (x_1² − 1), 1) for each pair of coordinates."""
    pairs, bend = int(rng.choice([1, 2, 4])), float(rng.uniform(0.1, 1.5))

    def log_density(x):
        a, b = x[0::2], x[1::2]
        squares = jnp.sum(a**2) + jnp.sum((b - bend * (a**2 - 1.0)) ** 2)
        return -0.5 * squares - pairs * math.log(2 * math.pi)

    def sample(rng: np.random.Generator, n: int) -> np.ndarray:
        x = rng.normal(size=(n, 2 * pairs))
        x[:, 1::2] += bend * (x[:, 0::2] ** 2 - 1.0)
        return x

    return Known(fluvial.Target(log_density, dim=2 * pairs), sample)


def _plate(rng: np.random.Generator) -> Known:
    """A centered hierarchy: m ~ N(0, 1), ln t ~ N(0, s²), x_g ~ N(m, t²)."""
    groups, s = int(rng.choice([3, 8, 20, 40])), float(rng.uniform(0.2, 0.7))
    constant = -0.5 * (groups + 2) * math.log(2 * math.pi) - math.log(s)

    def log_density(x):
        m, log_t, rest = x[0], x[1], x[2:]
        prior = -0.5 * m**2 - 0.5 * (log_t / s) ** 2
        return (
            constant + prior - groups * log_t - 0.5 * jnp.sum(((rest - m) * jnp.exp(-log_t)) ** 2)
        )

    def sample(rng: np.random.Generator, n: int) -> np.ndarray:
        m, log_t = rng.normal(size=(n, 1)), s * rng.normal(size=(n, 1))
        return np.hstack([m, log_t, m + np.exp(log_t) * rng.normal(size=(n, groups))])

    return Known(fluvial.Target(log_density, dim=groups + 2), sample)


def _regression(rng: np.random.Generator) -> Known:
    """Linear regression: s² ~ InvGamma(3, 3), b ~ N(0, s² I), y ~ N(X b, s²); of (b, ln s²)."""
    rows, columns = int(rng.choice([8, 20, 100])), int(rng.choice([1, 3, 8, 15]))
    x = rng.normal(size=(rows, columns))
    y = x @ rng.normal(size=columns) + rng.normal(size=rows)
    precision = np.eye(columns) + x.T @ x
    mean = np.linalg.solve(precision, x.T @ y)
    a, b = 3.0 + rows / 2, 3.0 + 0.5 * float(y @ y - mean @ precision @ mean)
    log_evidence = (
        3.0 * math.log(3.0) - math.lgamma(3.0) + math.lgamma(a) - a * math.log(b)
    ) - 0.5 * (rows * math.log(2 * math.pi) + np.linalg.slogdet(precision)[1])
    root = np.linalg.cholesky(np.linalg.inv(precision))

    def log_density(z):
        beta, log_v = z[:-1], z[-1]
        misfit = y.astype(z.dtype) - x.astype(z.dtype) @ beta
        squares = jnp.sum(beta**2) + jnp.sum(misfit**2)
        normal = -0.5 * (rows + columns) * (math.log(2 * math.pi) + log_v)
        prior = 3.0 * math.log(3.0) - math.lgamma(3.0) - 3.0 * log_v - 3.0 * jnp.exp(-log_v)
        return normal - 0.5 * squares * jnp.exp(-log_v) + prior

    def sample(rng: np.random.Generator, n: int) -> np.ndarray:
        v = b / rng.gamma(a, size=(n, 1))
        return np.hstack([mean + np.sqrt(v) * (rng.normal(size=(n, columns)) @ root.T), np.log(v)])

    return Known(fluvial.Target(log_density, dim=columns + 1), sample, float(log_evidence))


def _counts(rng: np.random.Generator) -> Known:
    """Poisson counts with Gamma rates, each seen as its logarithm; some are small."""
    groups = int(rng.choice([1, 4, 12]))
    counts, shape, rate = rng.poisson(4.0, size=groups), 1.5, 0.5
    a, b = counts + shape, 1.0 + rate
    each = (
        shape * math.log(rate) - math.lgamma(shape) - np.array([math.lgamma(c + 1) for c in counts])
    )
    log_evidence = float(np.sum(each + [math.lgamma(v) for v in a] - a * math.log(b)))
    return Known(
        fluvial.Target(lambda x: jnp.sum(a * x - b * jnp.exp(x)) + float(np.sum(each)), dim=groups),
        lambda rng, n: np.log(rng.gamma(a, size=(n, groups)) / b),
        log_evidence,
    )


FAMILIES: dict[str, Callable[[np.random.Generator], Known]] = {
    "gaussian": _gaussian,
    "skewed": _skewed,
    "tailed": _tailed,
    "modes": _modes,
    "funnel": _funnel,
    "bent": _bent,
    "plate": _plate,
    "regression": _regression,
    "counts": _counts,
}
"""By name; the order is part of what decides a target."""
