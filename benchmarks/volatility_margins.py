r"""The margins of a volatility's three parameters, and its evidence, without any chain.

    python -m benchmarks.volatility_margins 300 --draws 14000 --seed 3

Given θ = (μ, atanh φ, ln σ) the states have a mode, which Newton's method finds on a tridiagonal
matrix, and p(y | θ) is the mean weight of draws of the Gaussian there (Laplace's approximation as a
proposal: Durbin & Koopman 1997, Biometrika 84). With that, θ is drawn from two Student-t laws, one
of them where φ is near 1 and μ hardly known, and weighted. What is printed are means, sds, and the
standard errors of the log sds. Chains on the states, or on their innovations, take long to get
there: μ has a tail of one percent that widens it by a sixth.
"""

import argparse
import time
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_solve_banded, cholesky_banded, solve_banded
from scipy.stats import multivariate_t, norm

from benchmarks.large_problems import observed_returns

_LOG_2PI = float(np.log(2.0 * np.pi))
_student: Any = multivariate_t  # its stubs know of no vectors


def log_posterior(
    theta: Float[np.ndarray, "3"],
    returns: Float[np.ndarray, " T"],
    rng: np.random.Generator,
    draws: int,
) -> float:
    """An unbiased estimate of p(θ, y), as its log: prior times the mean weight of the states."""
    mu, atanh_phi, log_sigma = theta
    phi, variance, count = np.tanh(atanh_phi), np.exp(2.0 * log_sigma), len(returns)
    diagonal = np.full(count, (1.0 + phi**2) / variance)
    diagonal[[0, -1]] = 1.0 / variance
    beside = -phi / variance

    def precision_times(x):
        product = diagonal * x
        product[..., :-1] += beside * x[..., 1:]
        product[..., 1:] += beside * x[..., :-1]
        return product

    def half_squares(x):
        return 0.5 * returns**2 * np.exp(-(x + mu))

    band = np.zeros((2, count))
    band[1, :-1] = beside
    x = np.full(count, 0.5 * (np.log(np.mean(returns**2)) - mu))
    for _ in range(40):
        band[0] = diagonal + half_squares(x)
        factor = cholesky_banded(band, lower=True)
        step = cho_solve_banded((factor, True), half_squares(x) - 0.5 - precision_times(x))
        longest = np.abs(step).max()
        x = x + step * min(1.0, 2.0 / longest)
        if longest < 1e-8:
            break
    band[0] = diagonal + half_squares(x)
    factor = cholesky_banded(band, lower=True)
    upper = np.zeros_like(band)
    upper[1], upper[0, 1:] = factor[0], factor[1, :-1]
    z = rng.standard_normal((draws // 2, count))
    z = np.concatenate([z, -z])
    states = x + solve_banded((0, 1), upper, z.T).T
    log_p = 0.5 * (np.log1p(-(phi**2)) - count * np.log(variance)) - count * _LOG_2PI
    log_p = log_p - 0.5 * np.sum(states * precision_times(states), axis=1)
    log_p = log_p - np.sum(0.5 * (states + mu) + half_squares(states), axis=1)
    log_q = np.log(factor[0]).sum() - 0.5 * np.sum(z**2, axis=1) - 0.5 * count * _LOG_2PI
    log_w = log_p - log_q
    prior = norm.logpdf(mu, 0, 2) + norm.logpdf([atanh_phi, log_sigma], [1.5, -1.5], 0.7).sum()
    return float(prior + log_w.max() + np.log(np.mean(np.exp(log_w - log_w.max()))))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.volatility_margins",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("states", type=int)
    parser.add_argument("--draws", type=int, default=6000, help="of the parameters (default: 6000)")
    parser.add_argument("--inner", type=int, default=48, help="of the states, for each")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began, rng = time.process_time(), np.random.default_rng(options.seed)
    returns = observed_returns(options.states)
    shrink = min(1.0, 300.0 / options.states)
    core = _student([-1.1, 1.75, -1.2], shrink * np.diag([0.2, 0.2, 0.08]), df=3, seed=rng)
    near_one = _student([-0.5, 2.6, -1.2], np.diag([3.0, 0.3, 0.1]), df=5, seed=rng)
    few = options.draws * 3 // 10
    theta = np.concatenate([core.rvs(options.draws - few), near_one.rvs(few)])
    share = few / options.draws
    log_q = np.log((1.0 - share) * core.pdf(theta) + share * near_one.pdf(theta))
    with np.errstate(all="ignore"):  # far out in a tail φ is 1, where there is no density
        log_p = [log_posterior(one, returns, rng, options.inner) for one in theta]
    log_w = np.where(np.isfinite(log_p), np.array(log_p) - log_q, -np.inf)
    w = np.exp(log_w - log_w.max())
    log_evidence, ess = log_w.max() + np.log(w.mean()), w.sum() ** 2 / np.sum(w**2)
    w = w / w.sum()
    mean = w @ theta
    sd = np.sqrt(w @ (theta - mean) ** 2)
    noise = 0.5 * np.sqrt(w**2 @ ((theta - mean) ** 2 / sd**2 - 1.0) ** 2)
    print(f"ln Z {log_evidence:.3f} ± {ess**-0.5:.3f}, draws worth {ess:.0f}")
    for name, values in (("mean", mean), ("sd", sd), ("se of ln sd", noise)):
        print(f"{name:<12} {np.round(values, 4)}")
    print(f"P(μ > 0) {w @ (theta[:, 0] > 0.0):.4f}, P(μ > 1) {w @ (theta[:, 0] > 1.0):.4f}")
    print(f"{time.process_time() - began:.0f} CPU s")


if __name__ == "__main__":
    main()
