"""Functions without gradients, beside nested sampling: evaluations, seconds, and the error of ln Z.

Run `python -m benchmarks.blackbox [PROBLEM ...]`, with `dynesty` and `nautilus-sampler` installed
where they are to be compared. Every problem has a bounded prior and an evidence that is known in
closed form. Nautilus runs with its defaults but for 500 effective draws, which
leave an error of 0.05 in ln Z; dynesty with 500 live points to its default dlogz; fluvial as it is,
to an effective sample size of 900, and, as fluvial-500, to 500 of them, which is GOOD there. None
makes the hundred thousands of draws from the prior, in search of spikes, that fluvial makes where a
call costs next to nothing: counted are the evaluations of a dear function. Seconds are of the
processor, of everything.
"""

import argparse
import dataclasses
import functools
import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import logsumexp, softmax

import fluvial
from fluvial.inference.settings import DEFAULT, Settings


class Problem(NamedTuple):
    """A log density within bounds, of many points at once, its gradient, and the log integral."""

    log_density: Callable
    gradient: Callable
    bounds: list
    truth: float


def gaussian(dim: int, rho: float = 0.9, sd: float = 0.5) -> Problem:
    cov = sd**2 * ((1.0 - rho) * np.eye(dim) + rho)
    mean, precise = np.linspace(-1.0, 1.0, dim), np.linalg.inv(cov)
    constant = -0.5 * np.linalg.slogdet(2.0 * np.pi * cov)[1]

    def log_density(x):
        return constant - 0.5 * np.einsum("ni,ij,nj->n", x - mean, precise, x - mean)

    def gradient(x):
        return (mean - x) @ precise

    return Problem(log_density, gradient, [(-5.0, 5.0)] * dim, 0.0)


def two_modes(dim: int, sd: float = 0.3) -> Problem:
    centers, shares = np.array([-2.0, 2.0]), np.log([0.3, 0.7])

    def terms(x):
        squares = np.sum((x[:, None] - centers[:, None]) ** 2, axis=2)
        return shares - 0.5 * squares / sd**2 - dim * np.log(sd * np.sqrt(2.0 * np.pi))

    def log_density(x):
        return logsumexp(terms(x), axis=1)

    def gradient(x):
        return (softmax(terms(x), axis=1) @ centers[:, None] - x) / sd**2

    return Problem(log_density, gradient, [(-5.0, 5.0)] * dim, 0.0)


def ridge(dim: int) -> Problem:
    """A banana of width 0.3, beside Gaussians."""

    def log_density(x):
        rest = stats.norm.logpdf(x[:, 2:], 0.0, 0.5).sum(axis=1)
        return stats.norm.logpdf(x[:, 0]) + stats.norm.logpdf(x[:, 1], x[:, 0] ** 2, 0.3) + rest

    def gradient(x):
        off = (x[:, 1] - x[:, 0] ** 2) / 0.3**2
        first = np.stack([2.0 * x[:, 0] * off - x[:, 0], -off], axis=1)
        return np.concatenate([first, -x[:, 2:] / 0.5**2], axis=1)

    inside = np.log(stats.norm.cdf(5.0) - stats.norm.cdf(-5.0))
    bounds = [(-5.0, 5.0), (-5.0, 30.0), *[(-5.0, 5.0)] * (dim - 2)]
    return Problem(log_density, gradient, bounds, float(inside))


def log_gamma(dim: int) -> Problem:
    """Four modes and skewed tails (Beaujean & Caldwell 2013; Feroz et al. 2019)."""
    width, ends = 1.0 / 30.0, (1 / 3, 2 / 3)

    def slope_skewed(x, at):
        return (1.0 - np.exp((x - at) / width)) / width

    def slope_even(x, at):
        return (at - x) / width**2

    def parts(x):
        skewed = np.stack([stats.loggamma.logpdf(x[:, 0], 1.0, at, width) for at in ends])
        even = np.stack([stats.norm.logpdf(x[:, 1], at, width) for at in ends])
        return skewed, even

    def log_density(x):
        skewed, even = parts(x)
        total = logsumexp(skewed, axis=0) + logsumexp(even, axis=0) - 2.0 * np.log(2.0)
        for i in range(2, dim):
            if i < (dim + 2) / 2:
                total = total + stats.loggamma.logpdf(x[:, i], 1.0, 2 / 3, width)
            else:
                total = total + stats.norm.logpdf(x[:, i], 2 / 3, width)
        return total

    def gradient(x):
        found = np.empty_like(x)
        for i, (part, slope) in enumerate(zip(parts(x), (slope_skewed, slope_even), strict=True)):
            slopes = np.stack([slope(x[:, i], at) for at in ends])
            found[:, i] = np.sum(softmax(part, axis=0) * slopes, axis=0)
        for i in range(2, dim):
            slope = slope_skewed if i < (dim + 2) / 2 else slope_even
            found[:, i] = slope(x[:, i], 2 / 3)
        return found

    return Problem(log_density, gradient, [(0.0, 1.0)] * dim, 0.0)


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

    return Problem(log_density, gradient, [(-5.0, 5.0)] * 6, float(truth))


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
_DEAR = dataclasses.replace(
    DEFAULT, black_box=dataclasses.replace(DEFAULT.black_box, hunting_seconds=0.0)
)
_CALL_SECONDS = {"regression, 0.1 s a call, D = 6": 0.1}


class Result(NamedTuple):
    """What a method has found, and at what price."""

    evaluations: int
    seconds: float
    log_evidence: float
    error: float
    verdict: str = ""


def worth(ess: float) -> Settings:
    """Return the settings of a dear function for an effective sample size, as good for GOOD."""
    black_box, verdict = _DEAR.black_box, _DEAR.verdict
    reserve = black_box.wanted_ess * verdict.max_standard_error**2
    return dataclasses.replace(
        _DEAR,
        black_box=dataclasses.replace(black_box, wanted_ess=reserve * ess),
        verdict=dataclasses.replace(verdict, max_standard_error=ess**-0.5),
    )


def by_fluvial(
    problem: Problem, seed: int, *, gradient: bool = False, settings: Settings = _DEAR
) -> Result:
    start = time.process_time()
    target = fluvial.Target.from_numpy(
        problem.log_density,
        bounds=problem.bounds,
        vectorized=True,
        gradient=problem.gradient if gradient else None,
    )
    posterior = fluvial.fit(target, seed=seed, progress=False, settings=settings)
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
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("problems", nargs="*", help="parts of the names of some")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--methods",
        default="fluvial,fluvial-500,fluvial-gradient,fluvial-gradient-500,nautilus,dynesty",
    )
    arguments = parser.parse_args()
    known = {
        "fluvial": by_fluvial,
        "fluvial-500": functools.partial(by_fluvial, settings=worth(500.0)),
        "fluvial-gradient": functools.partial(by_fluvial, gradient=True),
        "fluvial-gradient-500": functools.partial(by_fluvial, gradient=True, settings=worth(500.0)),
        "nautilus": by_nautilus,
        "dynesty": by_dynesty,
    }
    methods = {
        name: method
        for name, method in known.items()
        if name in arguments.methods.split(",")
        and importlib.util.find_spec(name.partition("-")[0]) is not None
    }
    print("| problem | method | evaluations | s | error of ln Z | its own error | verdict |")
    print("|---|---|---:|---:|---:|---:|---|")
    for name, make in PROBLEMS.items():
        if arguments.problems and not any(part in name for part in arguments.problems):
            continue
        problem = make()
        for label, method in methods.items():
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
