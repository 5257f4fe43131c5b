"""Large posteriors whose scales rule the other coordinates, with what is known of them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import cauchy, norm
from scipy.special import logsumexp

__all__ = ["PROBLEMS", "Problem", "hierarchy", "observed_returns"]


class Problem(NamedTuple):
    """A density on R^D with what is known of it.

    Attributes:
        log_density: of a vector.
        dim: D.
        log_evidence: in nats; NaN if it is not known.
        mean: of the first coordinates, as many as are known.
        sd: of these.
    """

    log_density: Callable
    dim: int
    log_evidence: float = float("nan")
    mean: np.ndarray = np.empty(0)
    sd: np.ndarray = np.empty(0)


def hierarchy(groups: int, *, centered: bool = True) -> Problem:
    """y_j ~ N(θ_j, s_j²), θ_j ~ N(μ, τ²), μ ~ N(0, 5²), ln τ ~ N(0, 1); coordinates μ, ln τ, θ.

    Non-centered, the others are (θ − μ)/τ.
    """
    rng = np.random.default_rng(0)
    s = rng.uniform(0.5, 2.0, groups)
    y = rng.normal(1.0, 0.8, groups) + s * rng.normal(size=groups)

    def log_density(x):
        mu, tau, rest = x[0], jnp.exp(x[1]), x[2:]
        theta = rest if centered else mu + tau * rest
        prior = norm.logpdf(mu, 0, 5) + norm.logpdf(x[1])
        scaled = norm.logpdf(theta, mu, tau) if centered else norm.logpdf(rest)
        return prior + (scaled + norm.logpdf(y, theta, s)).sum()

    log_evidence, mean, sd = _exact(y, s)
    known = len(mean) if centered else 2
    return Problem(log_density, groups + 2, log_evidence, mean[:known], sd[:known])


def _exact(y: np.ndarray, s: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Given τ all is Gaussian; τ on a grid, in blocks of groups, so that it fits in memory."""
    log_tau = np.linspace(-4.0, 2.0, 1201)
    tau2, blocks = np.exp(2.0 * log_tau)[:, None], -(-len(y) // 500)
    precision, sums, log_p = np.full(len(tau2), 1.0 / 25.0), 0.0, -0.5 * log_tau**2
    log_p = log_p - 0.5 * np.log(2 * np.pi)
    for yb, sb in zip(np.array_split(y, blocks), np.array_split(s, blocks), strict=True):
        v = tau2 + sb**2
        precision = precision + (1.0 / v).sum(1)
        sums = sums + (yb / v).sum(1)
        log_p = log_p - 0.5 * (np.log(2 * np.pi * v) + yb**2 / v).sum(1)
    mu, var_mu = sums / precision, 1.0 / precision
    log_p += 0.5 * precision * mu**2 - 0.5 * np.log(25.0 * precision)
    log_evidence = float(logsumexp(log_p) + np.log(log_tau[1] - log_tau[0]))
    w = np.exp(log_p - logsumexp(log_p))
    means = [_mixed(w, mu, var_mu), _mixed(w, log_tau, 0.0 * log_tau)]
    for yb, sb in zip(np.array_split(y, blocks), np.array_split(s, blocks), strict=True):
        share = tau2 / (tau2 + sb**2)  # of the observation; the rest is of μ
        at = share * yb + (1.0 - share) * mu[:, None]
        spread = share * sb**2 + (1.0 - share) ** 2 * var_mu[:, None]
        means += [_mixed(w, a, b) for a, b in zip(at.T, spread.T, strict=True)]
    mean, variances = np.array(means).T
    return log_evidence, mean, np.sqrt(variances)


def _mixed(w: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    center = float(w @ mean)
    return center, float(w @ (variance + (mean - center) ** 2))


def funnel(dim: int) -> Problem:
    """x_0 ~ N(0, 3²), x_i ~ N(0, e^{x_0})."""

    def log_density(x):
        return norm.logpdf(x[0], 0, 3) + norm.logpdf(x[1:], 0, jnp.exp(0.5 * x[0])).sum()

    return Problem(log_density, dim, 0.0, np.zeros(1), np.full(1, 3.0))


def pairs(count: int) -> Problem:
    """Funnels in two dimensions each: v_i ~ N(0, 3²), x_i ~ N(0, e^{v_i})."""

    def log_density(x):
        v, y = x[:count], x[count:]
        return norm.logpdf(v, 0, 3).sum() + norm.logpdf(y, 0, jnp.exp(0.5 * v)).sum()

    return Problem(log_density, 2 * count, 0.0, np.zeros(count), np.full(count, 3.0))


def volatility(states: int) -> Problem:
    """Stochastic volatility, centered: coordinates μ, atanh φ, ln σ, then the log variances h."""
    y = observed_returns(states)

    def log_density(x):
        mu, phi, sigma, h = x[0], jnp.tanh(x[1]), jnp.exp(x[2]), x[3:]
        prior = norm.logpdf(mu, 0, 2) + norm.logpdf(x[1], 1.5, 0.7) + norm.logpdf(x[2], -1.5, 0.7)
        first = norm.logpdf(h[0], mu, sigma / jnp.sqrt(1.0 - phi**2))
        moves = norm.logpdf(h[1:], mu + phi * (h[:-1] - mu), sigma).sum()
        return prior + first + moves + norm.logpdf(y, 0, jnp.exp(0.5 * h)).sum()

    unknown = Problem(log_density, states + 3)
    if states not in _MARGINS:
        return unknown
    log_evidence, mean, sd = _MARGINS[states]
    return unknown._replace(log_evidence=log_evidence, mean=np.array(mean), sd=np.array(sd))


def observed_returns(states: int) -> np.ndarray:
    """Draw y_t ~ N(0, e^{h_t}), where h is an autoregression of the first order."""
    rng, h = np.random.default_rng(0), np.empty(states)
    h[0] = -1.0
    for t in range(1, states):
        h[t] = -1.0 + 0.95 * (h[t - 1] + 1.0) + 0.25 * rng.normal()
    return np.exp(0.5 * h) * rng.normal(size=states)


# By ``python -m benchmarks.volatility_margins 300 --draws 20000``: ln Z ± 0.02, log sds ± 0.01.
_MARGINS = {300: (-280.874, (-1.140, 1.701, -1.145), (0.364, 0.325, 0.245))}


def horseshoe(coefficients: int, rows: int = 100) -> Problem:
    """β_j = τ λ_j z_j, λ and τ half-Cauchy; coordinates ln τ, ln σ, ln λ, z."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, coefficients))
    y = X[:, :5] @ np.array([3.0, -2.0, 1.5, 1.0, -1.0]) + rng.normal(size=rows)

    def log_density(x):
        log_tau, log_sigma = x[0], x[1]
        log_lam, z = x[2 : 2 + coefficients], x[2 + coefficients :]
        scales = cauchy.logpdf(jnp.exp(log_lam)) + log_lam + norm.logpdf(z)
        tau = jnp.exp(log_tau)
        prior = cauchy.logpdf(tau, 0, 0.1) + log_tau + norm.logpdf(log_sigma)
        mean = X @ (tau * jnp.exp(log_lam) * z)
        return prior + scales.sum() + norm.logpdf(y, mean, jnp.exp(log_sigma)).sum()

    return Problem(log_density, 2 * coefficients + 2)


def pines() -> Problem:
    """Log-Gaussian Cox process of 126 Finnish pines on a grid of 40 x 40: a field of log densities.

    As in Møller et al. 1998 (Scandinavian Journal of Statistics 25): mean ln 126 − 1.91/2,
    covariance 1.91 exp(−33 d). The counts are those of the points in lollcat/fab-jax (commit
    c9f9913, MIT license); ln Z is 501.806 by a long run of sequential Monte Carlo, ibid.
    """
    lines = (Path(__file__).parent / "pines.txt").read_text().split()
    counts = np.array([[int(digit) for digit in line] for line in lines])
    side = len(counts)
    cells = np.indices(counts.shape).reshape(2, -1).T / side
    apart = np.linalg.norm(cells[:, None] - cells[None], axis=2)
    variance, area, y = 1.91, side**-2, counts.ravel().astype(float)
    factor = np.linalg.cholesky(variance * np.exp(-33.0 * apart))
    whiten = np.linalg.inv(factor)
    constant = -np.log(np.diag(factor)).sum() - 0.5 * y.size * np.log(2 * np.pi)

    def log_density(x):
        white = whiten @ (x - (np.log(126.0) - 0.5 * variance))
        return constant - 0.5 * white @ white + (x * y - area * jnp.exp(x)).sum()

    return Problem(log_density, y.size, 501.806)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "hierarchy-300": lambda: hierarchy(300),
    "hierarchy-300-noncentered": lambda: hierarchy(300, centered=False),
    "funnel-100": lambda: funnel(100),
    "funnel-1000": lambda: funnel(1000),
    "pairs-500": lambda: pairs(500),
    "hierarchy-10000": lambda: hierarchy(10_000),
    "volatility-300": lambda: volatility(300),
    "volatility-1000": lambda: volatility(1000),
    "pines-1600": pines,
    "horseshoe-200": lambda: horseshoe(200),
}
