"""What a modulated flow makes of large posteriors that a few coordinates rule.

    python -m benchmarks.large

A centered normal hierarchy, whose exact evidence is known by integrating the groups out, and Neal's
funnel. A Gaussian by batch-and-match, the structure found from gradients, and the flow that it asks
for, trained as `fit` trains; `fit` itself does not choose modulated flows yet. KL(q‖p) is ln Z less
the ELBO, in nats.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian import batch_and_match
from fluvial.inference.modulated_flow import modulated_flow, modulated_spec
from fluvial.inference.structure import find_structure
from fluvial.inference.train import train
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy, Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent, Mixture

DRAWS = 8192


class Problem(NamedTuple):
    """A density on R^D with its evidence, in nats."""

    name: str
    log_density: Callable
    dim: int
    log_evidence: float


def hierarchy(groups: int) -> Problem:
    """y_j ~ N(θ_j, s_j²), θ_j ~ N(μ, τ²), μ ~ N(0, 5²), ln τ ~ N(0, 1); coordinates μ, ln τ, θ."""
    rng = np.random.default_rng(0)
    s = rng.uniform(0.5, 2.0, groups)
    y = rng.normal(1.0, 0.8, groups) + s * rng.normal(size=groups)

    def log_density(x):
        mu, log_tau, theta = x[0], x[1], x[2:]
        prior = norm.logpdf(mu, 0, 5) + norm.logpdf(log_tau)
        return prior + (norm.logpdf(theta, mu, jnp.exp(log_tau)) + norm.logpdf(y, theta, s)).sum()

    # Given τ the y are Gaussian about μ, and μ is integrated in closed form; τ on a grid.
    log_tau = np.linspace(-6.0, 4.0, 8001)
    v = np.exp(2.0 * log_tau)[:, None] + s**2
    precision = (1.0 / v).sum(1) + 1.0 / 25.0
    mean = (y / v).sum(1) / precision
    log_p = -0.5 * (np.log(2 * np.pi * v) + y**2 / v).sum(1)
    log_p += 0.5 * precision * mean**2 - 0.5 * np.log(25.0 * precision)
    log_p += -0.5 * log_tau**2 - 0.5 * np.log(2 * np.pi)
    log_evidence = float(logsumexp(log_p) + np.log(log_tau[1] - log_tau[0]))
    return Problem(f"hierarchy of {groups} groups", log_density, groups + 2, log_evidence)


def funnel(dim: int) -> Problem:
    """x_0 ~ N(0, 3²), x_i ~ N(0, e^{x_0})."""

    def log_density(x):
        return norm.logpdf(x[0], 0, 3) + norm.logpdf(x[1:], 0, jnp.exp(0.5 * x[0])).sum()

    return Problem(f"funnel in {dim} dimensions", log_density, dim, 0.0)


PROBLEMS = {
    "hierarchy": lambda: hierarchy(300),
    "funnel": lambda: funnel(100),
}


def measure(problem: Problem, seed: int, max_steps: int) -> str:
    start, rng = time.perf_counter(), np.random.default_rng(seed)
    target = fluvial.Target(problem.log_density, dim=problem.dim)
    counted = CountedTarget(target)
    gaussian = batch_and_match(counted, Gaussian(np.zeros(problem.dim), np.eye(problem.dim)), rng)
    structure = find_structure(counted, gaussian, rng)
    flow_key, train_key = jax.random.split(jax.random.key(seed))
    with jax.enable_x64(True):
        trained = train(
            modulated_flow(counted, gaussian, structure, flow_key),
            Whitened(target, gaussian),
            train_key,
            objective=FreeEnergy(),
            max_steps=max_steps,
        )
    q = Mixture((FlowComponent(trained.flow, gaussian),), np.ones(1))
    x, log_q = q.sample(rng, DRAWS)
    weights = Importance(counted.values(x) - log_q)
    return (
        f"{problem.name:<26} seed {seed}  {modulated_spec(structure):<22} "
        f"KL {problem.log_evidence - weights.elbo:.3f}  "
        f"ln Z off by {weights.log_evidence - problem.log_evidence:+.3f}  "
        f"k-hat {weights.khat:.2f}  ESS {weights.ess:.0f}  {time.perf_counter() - start:.0f} s"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=sorted(PROBLEMS), help="one problem")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--max-steps", type=int, default=1500, help="of training (default: 1500)")
    options = parser.parse_args(arguments)
    for name in [options.only] if options.only else PROBLEMS:
        for seed in range(options.seeds):
            # BLAS with several threads takes twenty times as long on a busy machine.
            with threadpool_limits(1, "blas"):
                print(measure(PROBLEMS[name](), seed, options.max_steps), flush=True)


if __name__ == "__main__":
    main()
