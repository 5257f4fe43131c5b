r"""A narrow posterior far from where climbs are lost: is the right mode found, and is it trusted?

    python -m benchmarks.far_mode --seeds 0-57 --fit-seeds 0-2

Predator and prey, ten noisy counts of each: a posterior with standard deviations of about 0.01
under a prior of 0.5, on a surface with many optima hundreds of nats below the highest. A fit is
right if it covers the parameters θ that made the data, p(θ) < e^5 Z q(θ). Trusted are the verdicts
GOOD and USE_WEIGHTS. What is trusted but not right is the fault that this is here to find.
"""

import argparse
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

import fluvial
from benchmarks.honesty import TRUSTED

CENTER = np.array([-0.2, -3.1, -0.2, -3.1])
PRIOR_SD, NOISE_SD = 0.5, 0.1
FIRST, LENGTH, TIMES, STEPS = (30.0, 1.0), 20.0, 10, 400
COVERED = 5.0
"""Nats by which p(θ) may exceed Z q(θ)."""
CLIPPED = (-23.0, 9.2)
"""Log counts: what overflows is as wrong as it can be, but finite."""


class Problem(NamedTuple):
    """A log density of four log rates, and the rates that made its data."""

    log_density: Callable
    truth: np.ndarray


def log_counts(log_rates: Float[Array, "4"]) -> Float[Array, "T 2"]:
    """Log counts of prey and predator, by Runge-Kutta steps of order 4 in log coordinates."""
    a, b, c, d = jnp.exp(log_rates)
    h = LENGTH / STEPS

    def slope(u):
        return jnp.stack([a - b * jnp.exp(u[1]), d * jnp.exp(u[0]) - c])

    def step(u, _):
        k1 = slope(u)
        k2 = slope(u + 0.5 * h * k1)
        k3 = slope(u + 0.5 * h * k2)
        u = u + h / 6.0 * (k1 + 2.0 * (k2 + k3) + slope(u + h * k3))
        return u, u

    every = STEPS // TIMES
    return jax.lax.scan(step, jnp.log(jnp.array(FIRST)), None, length=STEPS)[1][every - 1 :: every]


def problem(seed: int) -> Problem:
    """Draw rates from the prior, and counts from those."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(seed)
        truth = CENTER + PRIOR_SD * rng.normal(size=4)
        data = np.asarray(log_counts(jnp.asarray(truth))) + NOISE_SD * rng.normal(size=(TIMES, 2))

    def log_density(x):
        expected = jnp.clip(log_counts(x), *CLIPPED)
        prior = norm.logpdf(x, jnp.asarray(CENTER), PRIOR_SD).sum()
        return prior + norm.logpdf(jnp.asarray(data), expected, NOISE_SD).sum()

    return Problem(log_density, truth)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.far_mode",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=_numbers, default=_numbers("0-7"), help="of the data")
    parser.add_argument("--fit-seeds", type=_numbers, default=_numbers("0"))
    options = parser.parse_args(arguments)
    print(f"{platform.machine()}, Python {platform.python_version()}, jax {version('jax')}")
    print(f"{'data':>4}{'fit':>5}  {'verdict':<12}{'excess at truth':>16}{'CPU s':>8}", flush=True)
    outcomes = [run(seed, s) for s in options.fit_seeds for seed in options.seeds]
    print(f"\n{len(outcomes)} fits: {summary(outcomes)}")


def run(seed: int, fit_seed: int) -> str:
    """Fit, print a line, and say what it was."""
    started = time.process_time()
    log_density, truth = problem(seed)
    target = fluvial.Target(log_density, dim=4)
    posterior = fluvial.fit(target, seed=fit_seed, progress=False)
    log_p, log_q = target.values(truth[None])[0], posterior.log_prob(truth[None])[0]
    excess = float(log_p - log_q - posterior.log_evidence)
    seconds = time.process_time() - started
    print(
        f"{seed:>4}{fit_seed:>5}  {posterior.verdict.name:<12}{excess:16.1f}{seconds:8.1f}",
        flush=True,
    )
    if posterior.verdict.name not in TRUSTED:
        return "not trusted"
    return "right and trusted" if excess < COVERED else "wrong and trusted"


def summary(outcomes: Sequence[str]) -> str:
    counts = Counter(outcomes)
    kinds = ("right and trusted", "wrong and trusted", "not trusted")
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds)


def _numbers(text: str) -> list[int]:
    """Read "3" or "0-7"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
