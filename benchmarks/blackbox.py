"""Functions without gradients, beside nested sampling: evaluations, seconds, and the error of ln Z.

Run `python -m benchmarks.blackbox [PROBLEM ...]`, with `dynesty` and `nautilus-sampler` installed
where they are to be compared. Every problem has a bounded prior and an evidence that is known in
closed form. Nautilus runs with its defaults but for 500 effective draws, which
leave an error of 0.05 in ln Z; dynesty with 500 live points to its default dlogz; fluvial as it is,
to an effective sample size of 900. Seconds are of the processor, of everything.
"""

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import logsumexp

import fluvial


class Problem(NamedTuple):
    """A log density within bounds, of many points at once, and the log of its integral."""

    log_density: Callable
    bounds: list
    truth: float
    gradient: Callable | None = None


def gaussian(dim: int, rho: float = 0.9, sd: float = 0.5) -> Problem:
    cov = sd**2 * ((1.0 - rho) * np.eye(dim) + rho)
    mean, precise = np.linspace(-1.0, 1.0, dim), np.linalg.inv(cov)
    constant = -0.5 * np.linalg.slogdet(2.0 * np.pi * cov)[1]

    def log_density(x):
        return constant - 0.5 * np.einsum("ni,ij,nj->n", x - mean, precise, x - mean)

    return Problem(log_density, [(-5.0, 5.0)] * dim, 0.0, lambda x: -(x - mean) @ precise)


def two_modes(dim: int, sd: float = 0.3) -> Problem:
    centers, shares = np.array([-2.0, 2.0]), np.log([0.3, 0.7])

    def terms(x):
        squares = np.sum((x[:, None] - centers[:, None]) ** 2, axis=2)
        return shares - 0.5 * squares / sd**2 - dim * np.log(sd * np.sqrt(2.0 * np.pi))

    def gradient(x):
        parts = terms(x)
        shared = np.exp(parts - logsumexp(parts, axis=1, keepdims=True))
        return -(x - shared @ np.repeat(centers[:, None], dim, axis=1)) / sd**2

    return Problem(lambda x: logsumexp(terms(x), axis=1), [(-5.0, 5.0)] * dim, 0.0, gradient)


def ridge(dim: int) -> Problem:
    """A banana of width 0.3, beside Gaussians."""

    def log_density(x):
        rest = stats.norm.logpdf(x[:, 2:], 0.0, 0.5).sum(axis=1)
        return stats.norm.logpdf(x[:, 0]) + stats.norm.logpdf(x[:, 1], x[:, 0] ** 2, 0.3) + rest

    def gradient(x):
        off = (x[:, 1] - x[:, 0] ** 2) / 0.09
        return np.column_stack([-x[:, 0] + 2.0 * x[:, 0] * off, -off, -x[:, 2:] / 0.25])

    inside = np.log(stats.norm.cdf(5.0) - stats.norm.cdf(-5.0))
    bounds = [(-5.0, 5.0), (-5.0, 30.0), *[(-5.0, 5.0)] * (dim - 2)]
    return Problem(log_density, bounds, float(inside), gradient)


def log_gamma(dim: int) -> Problem:
    """Four modes and skewed tails (Beaujean & Caldwell 2013; Feroz et al. 2019)."""

    def log_density(x):
        skewed = [stats.loggamma.logpdf(x[:, 0], 1.0, at, 1.0 / 30.0) for at in (1 / 3, 2 / 3)]
        even = [stats.norm.logpdf(x[:, 1], at, 1.0 / 30.0) for at in (1 / 3, 2 / 3)]
        total = np.logaddexp(*skewed) + np.logaddexp(*even) - 2.0 * np.log(2.0)
        for i in range(2, dim):
            of = (
                stats.loggamma(1.0, 2 / 3, 1 / 30)
                if i < (dim + 2) / 2
                else stats.norm(2 / 3, 1 / 30)
            )
            total = total + of.logpdf(x[:, i])
        return total

    return Problem(log_density, [(0.0, 1.0)] * dim, 0.0)


def slow_regression() -> Problem:
    """Six coefficients of a linear model with known noise, each call at a price of 0.1 s."""
    rng = np.random.default_rng(0)
    design = rng.standard_normal((40, 6))
    y = design @ np.linspace(-1.0, 1.0, 6) + 0.5 * rng.standard_normal(40)
    precise = design.T @ design / 0.25
    mean = np.linalg.solve(precise, design.T @ y / 0.25)
    best = stats.norm.logpdf(y, design @ mean, 0.5).sum()
    truth = best - 0.5 * np.linalg.slogdet(precise / (2.0 * np.pi))[1]

    def log_density(x):
        return stats.norm.logpdf(y, x @ design.T, 0.5).sum(axis=1)

    def gradient(x):
        return (y - x @ design.T) @ design / 0.25

    return Problem(log_density, [(-5.0, 5.0)] * 6, float(truth), gradient)


PROBLEMS = {
    "Gaussian, D = 2": lambda: gaussian(2),
    "Gaussian, D = 10": lambda: gaussian(10),
    "Gaussian, D = 15": lambda: gaussian(15),
    "two modes, D = 5": lambda: two_modes(5),
    "two modes, D = 10": lambda: two_modes(10),
    "curved ridge, D = 4": lambda: ridge(4),
    "log-gamma, four modes, D = 6": lambda: log_gamma(6),
    "regression, 0.1 s a call, D = 6": slow_regression,
}
_CALL_SECONDS = {"regression, 0.1 s a call, D = 6": 0.1}


class Result(NamedTuple):
    """What a method has found, and at what price."""

    evaluations: int
    seconds: float
    log_evidence: float
    error: float
    verdict: str = ""


def by_fluvial(problem: Problem, seed: int, *, gradient: bool = False) -> Result:
    start = time.process_time()
    target = fluvial.Target.from_numpy(
        problem.log_density,
        bounds=problem.bounds,
        vectorized=True,
        gradient=problem.gradient if gradient else None,
    )
    posterior = fluvial.fit(target, seed=seed, progress=False)
    return Result(
        posterior.provenance.evaluations,
        time.process_time() - start,
        posterior.log_evidence,
        posterior.log_evidence_se,
        posterior.verdict.value,
    )


def by_nautilus(problem: Problem, seed: int) -> Result:
    from nautilus import Sampler

    low, high = np.asarray(problem.bounds).T
    volume = float(np.sum(np.log(high - low)))
    start = time.process_time()
    sampler = Sampler(
        lambda u: low + (high - low) * u,
        problem.log_density,
        n_dim=len(low),
        vectorized=True,
        pass_dict=False,
        seed=seed,
    )
    sampler.run(n_eff=500, discard_exploration=True, verbose=False)
    found, error = sampler.log_z + volume, sampler.n_eff**-0.5
    return Result(int(sampler.n_like), time.process_time() - start, float(found), float(error))


def by_dynesty(problem: Problem, seed: int) -> Result:
    import dynesty

    low, high = np.asarray(problem.bounds).T
    volume = float(np.sum(np.log(high - low)))
    start = time.process_time()
    sampler = dynesty.NestedSampler(
        lambda x: float(np.squeeze(problem.log_density(x[None]))),
        lambda u: low + (high - low) * u,
        len(low),
        nlive=500,
        rstate=np.random.default_rng(seed),
    )
    sampler.run_nested(print_progress=False)
    results = sampler.results
    return Result(
        int(np.sum(results.ncall)),
        time.process_time() - start,
        float(results.logz[-1]) + volume,
        float(results.logzerr[-1]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", help="parts of the names of some")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    methods = {"fluvial": by_fluvial}
    for name, method in (("nautilus", by_nautilus), ("dynesty", by_dynesty)):
        if importlib.util.find_spec(name) is not None:
            methods[name] = method
    print("| problem | method | evaluations | s | error of ln Z | its own error | verdict |")
    print("|---|---|---:|---:|---:|---:|---|")
    for name, make in PROBLEMS.items():
        if arguments.problems and not any(part in name for part in arguments.problems):
            continue
        problem = make()
        runs = dict(methods)
        if problem.gradient is not None:
            runs["fluvial, gradient"] = lambda p, s: by_fluvial(p, s, gradient=True)
        for label, method in runs.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = method(problem, arguments.seed)
            seconds = found.seconds + _CALL_SECONDS.get(name, 0.0) * found.evaluations
            print(
                f"| {name} | {label} | {found.evaluations:,} | {seconds:.1f} | "
                f"{found.log_evidence - problem.truth:+.3f} | {found.error:.3f} "
                f"| {found.verdict} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
