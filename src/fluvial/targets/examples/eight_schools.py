r"""The eight schools (Rubin 1981), in two parametrizations, with exact evidence and draws.

.. math::
    y_j \sim N(\theta_j, \sigma_j^2), \quad \theta_j \sim N(\mu, \tau^2), \quad
    \mu \sim N(0, 5^2), \quad \tau \sim \text{half-Cauchy}(0, 5).

Given tau, all else is Gaussian: with v_j = sigma_j^2 + tau^2,

.. math::
    \frac{1}{V} = \frac{1}{25} + \sum_j \frac{1}{v_j}, \quad
    \mu \mid \tau, y \sim N\Bigl(V \sum_j \frac{y_j}{v_j}, V\Bigr), \quad
    \ln p(y \mid \tau) = \ln \frac{N(0; 0, 25) \prod_j N(y_j; 0, v_j)}{N(0; m, V)},

with m the mean of mu, so that one integral over ln(tau) is left, which is done on a fine grid.
"""

import math
from functools import cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64

from fluvial.constants import LOG_2PI
from fluvial.targets.examples.example import Example
from fluvial.targets.target import Target

__all__ = ["EFFECTS", "ERRORS", "eight_schools", "eight_schools_centered"]

EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def eight_schools() -> Example:
    """Return the model in mu, ln(tau) and standardized effects: theta = mu + tau * theta_tilde.

    Example:
        >>> eight_schools().target.variables
        {'mu': (), 'tau': (), 'theta': (8,)}
    """

    def log_density(p):
        tau = jnp.exp(p["log_tau"])
        theta = p["mu"] + tau * p["theta_tilde"]
        return _log_prior(p) + jnp.sum(_normal(p["theta_tilde"], 0, 1)) + _log_likelihood(theta)

    def constrain(p):
        tau = jnp.exp(p["log_tau"])
        return {"mu": p["mu"], "tau": tau, "theta": p["mu"] + tau * p["theta_tilde"]}

    example = {"mu": 0.0, "log_tau": 0.0, "theta_tilde": np.zeros(8)}
    return Example(
        Target(log_density, example=example, constrain=constrain), _log_evidence(), _standardized
    )


def eight_schools_centered() -> Example:
    """Return the model in mu, ln(tau) and the effects theta themselves: a funnel."""

    def log_density(p):
        tau = jnp.exp(p["log_tau"])
        return (
            _log_prior(p) + jnp.sum(_normal(p["theta"], p["mu"], tau)) + _log_likelihood(p["theta"])
        )

    def constrain(p):
        return {"mu": p["mu"], "tau": jnp.exp(p["log_tau"]), "theta": p["theta"]}

    example = {"mu": 0.0, "log_tau": 0.0, "theta": np.zeros(8)}
    return Example(
        Target(log_density, example=example, constrain=constrain), _log_evidence(), _centered
    )


def _normal(x, mean, scale):
    return -0.5 * ((x - mean) / scale) ** 2 - jnp.log(scale) - 0.5 * LOG_2PI


def _log_prior(p):
    """Return ln p(mu) + ln p(tau) + ln |d tau / d ln tau|."""
    half_cauchy = math.log(2 / (5 * math.pi)) - jnp.log1p((jnp.exp(p["log_tau"]) / 5) ** 2)
    return _normal(p["mu"], 0, 5) + half_cauchy + p["log_tau"]


def _log_likelihood(theta):
    return jnp.sum(
        _normal(jnp.asarray(EFFECTS, theta.dtype), theta, jnp.asarray(ERRORS, theta.dtype))
    )


@cache
def _marginal() -> tuple[np.ndarray, np.ndarray]:
    """Return a grid of ln(tau) and ln p(y, ln tau) on it."""
    log_tau = np.linspace(-40.0, 30.0, 70001)
    variances = ERRORS**2 + np.exp(2 * log_tau)[:, None]
    mean, variance = _mu_given(log_tau)
    terms = EFFECTS**2 / variances + np.log(variances) + LOG_2PI
    log_likelihood = -0.5 * (np.sum(terms, axis=1) + math.log(25.0))
    log_likelihood += 0.5 * (np.log(variance) + mean**2 / variance)
    prior = math.log(2 / (5 * math.pi)) - np.log1p(np.exp(2 * log_tau) / 25) + log_tau
    return log_tau, log_likelihood + prior


def _mu_given(log_tau) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the variance of mu given ln(tau) and y."""
    precisions = 1 / (ERRORS**2 + np.exp(2 * log_tau)[:, None])
    variance = 1 / (1 / 25 + np.sum(precisions, axis=1))
    return variance * np.sum(EFFECTS * precisions, axis=1), variance


def _log_evidence() -> float:
    log_tau, log_joint = _marginal()
    return float(np.log(np.trapezoid(np.exp(log_joint), log_tau)))


def _centered(seed: int, n: int) -> Float64[np.ndarray, "n 10"]:
    """Draw ln(tau), mu and theta, in the order of the centered target."""
    rng = np.random.default_rng(seed)
    grid, log_joint = _marginal()
    weights = np.cumsum(np.exp(log_joint - log_joint.max()))
    log_tau = np.interp(rng.uniform(size=n) * weights[-1], weights, grid)
    mean, variance = _mu_given(log_tau)
    mu = mean + np.sqrt(variance) * rng.normal(size=n)
    precision = 1 / ERRORS**2 + np.exp(-2 * log_tau)[:, None]
    center = (EFFECTS / ERRORS**2 + mu[:, None] * np.exp(-2 * log_tau)[:, None]) / precision
    theta = center + rng.normal(size=(n, 8)) / np.sqrt(precision)
    return np.column_stack([log_tau, mu, theta])


def _standardized(seed: int, n: int) -> Float64[np.ndarray, "n 10"]:
    """Draw ln(tau), mu and theta_tilde, in the order of the non-centered target."""
    draws = _centered(seed, n)
    draws[:, 2:] = (draws[:, 2:] - draws[:, 1:2]) / np.exp(draws[:, :1])
    return draws
