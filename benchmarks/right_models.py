"""How often ``fluvial.calibrate`` finds fault with models that are right: fifty of them.

    python -m benchmarks.right_models --fits 60 --out right_models.jsonl

Five kinds of models, ten of each: conjugate Gaussians, logistic and Poisson regressions,
hierarchies, and curves in NumPy without a gradient, of 2 to 6 parameters. Each is fitted to data
from its own prior. One line of JSON a model; what the file has is not run again.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import jax.scipy.stats as jst
import numpy as np
import scipy.stats as st

import fluvial


def _design(variant: int, rows: int, dim: int) -> np.ndarray:
    rng = np.random.default_rng((11, variant))
    return rng.standard_normal((rows, dim)) @ (0.7 * np.eye(dim) + 0.3)


def conjugate(variant: int) -> fluvial.Simulation:
    dim, noise = 2 + variant % 5, (0.3, 1.0, 3.0)[variant % 3]
    design = _design(variant, 3 * dim, dim)

    def simulate(rng):
        x = rng.normal(size=dim)
        return {"x": x}, design @ x + noise * rng.normal(size=len(design))

    def target(y):
        return fluvial.Target(
            lambda x: -0.5 * jnp.sum(x**2) - 0.5 * jnp.sum(((y - design @ x) / noise) ** 2), dim=dim
        )

    return fluvial.Simulation(simulate, target)


def logistic(variant: int) -> fluvial.Simulation:
    dim = 2 + variant % 5
    design = _design(variant, 15 + 5 * variant, dim)

    def simulate(rng):
        x = rng.normal(size=dim)
        y = rng.uniform(size=len(design)) < 1.0 / (1.0 + np.exp(-design @ x))
        return {"x": x}, y.astype(np.float64)

    def target(y):
        def log_density(x):
            logits = design @ x
            return -0.5 * jnp.sum(x**2) + jnp.sum(y * logits - jnp.logaddexp(0.0, logits))

        return fluvial.Target(log_density, dim=dim)

    return fluvial.Simulation(simulate, target)


def poisson(variant: int) -> fluvial.Simulation:
    dim = 2 + variant % 5
    design = 0.5 * _design(variant, 10 + 4 * variant, dim)

    def simulate(rng):
        x = rng.normal(size=dim)
        return {"x": x}, rng.poisson(np.exp(design @ x)).astype(np.float64)

    def target(y):
        def log_density(x):
            return -0.5 * jnp.sum(x**2) + jnp.sum(y * (design @ x) - jnp.exp(design @ x))

        return fluvial.Target(log_density, dim=dim)

    return fluvial.Simulation(simulate, target)


def hierarchy(variant: int) -> fluvial.Simulation:
    """A mean, a log spread, and up to four groups, not centered."""
    groups, noise = 1 + variant % 4, (0.5, 1.0, 2.0)[variant % 3]

    def simulate(rng):
        x = rng.normal(size=2 + groups)
        effects = x[0] + np.exp(0.5 * x[1]) * x[2:]
        return {"x": x}, effects + noise * rng.normal(size=(3, groups))

    def target(y):
        def log_density(x):
            effects = x[0] + jnp.exp(0.5 * x[1]) * x[2:]
            return -0.5 * jnp.sum(x**2) + jnp.sum(jst.norm.logpdf(y, effects, noise))

        return fluvial.Target(log_density, dim=2 + groups)

    return fluvial.Simulation(simulate, target)


def curve(variant: int) -> fluvial.Simulation:
    """A curve with a noise that is not known, of which only NumPy has the likelihood."""
    t = np.linspace(0.0, 2.0, 8 + 2 * variant)
    terms = 1 + variant % 3
    basis = np.stack([t**k if variant % 2 else np.cos(k * t) for k in range(terms)], axis=1)
    prior = {f"c{k}": st.norm(0.0, 1.0) for k in range(terms)} | {"noise": st.halfnorm(0.2, 1.0)}

    def simulate(rng):
        drawn = {name: law.rvs(random_state=rng) for name, law in prior.items()}
        *weights, noise = drawn.values()
        return drawn, basis @ np.asarray(weights) + noise * rng.normal(size=len(t))

    def target(y):
        def log_likelihood(p):
            return st.norm.logpdf(y, p[:, :-1] @ basis.T, p[:, -1:]).sum(axis=1)

        return fluvial.Target.from_numpy(log_likelihood, prior=prior, vectorized=True)

    return fluvial.Simulation(simulate, target)


KINDS: dict[str, Callable[[int], fluvial.Simulation]] = {
    made.__name__: made for made in (conjugate, logistic, poisson, hierarchy, curve)
}
MODELS = [(name, variant) for variant in range(10) for name in KINDS]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fits", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("right_models.jsonl"))
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="begin none after these"
    )
    arguments = parser.parse_args()
    done = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    known = {(line["model"], line["variant"]) for line in map(json.loads, done)}
    began = time.monotonic()
    for name, variant in MODELS:
        if (name, variant) in known or time.monotonic() - began > arguments.seconds:
            continue
        start = time.process_time()
        found = fluvial.calibrate(KINDS[name](variant), arguments.fits, variant, progress=False)
        line = {
            "model": name,
            "variant": variant,
            "parameters": len(found.names),
            "fits": len(found.u),
            "good": int(found.good.sum()),
            "least_p": min([*found.p_values.values(), *found.pair_p_values.values()]),
            "calibrated": found.calibrated,
            "seconds": round(time.process_time() - start, 1),
        }
        with arguments.out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)


if __name__ == "__main__":
    main()
