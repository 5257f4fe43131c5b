"""What `fit` says where one or two coordinates rule all others in a way that its finder misses.

    python -m benchmarks.hidden_heads

The finder asks how much the curvature along a random line changes with each coordinate, within one
standard deviation. Here a head v ~ N(0, 1) rules the other 309 in its tails alone, or evenly, or
moves them only, so that the change is zero in the middle. The heads' margins and ln Z = 0 are
known. That may cost accuracy or time, never a verdict that is trusted and wrong: trusted are those
that hand out draws, so that USE_MCMC counts here. A line each.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

import fluvial
from benchmarks.fitting import Stopwatch
from benchmarks.posteriordb_table import MEAN_BOUND, SD_BOUND

__all__ = ["RULES", "density"]


def _beyond(v, end):
    return jnp.maximum(v - end, 0.0)


RULES: dict[str, tuple[int, Callable]] = {
    "scale beyond 2": (1, lambda v: (_beyond(jnp.abs(v), 2.0), 0.0)),
    "scale above 1.5": (1, lambda v: (_beyond(v, 1.5), 0.0)),
    "scale even": (1, lambda v: (0.25 * v**2, 0.0)),
    "scale quartic": (1, lambda v: (0.05 * v**4, 0.0)),
    "scale waves": (1, lambda v: (0.5 * jnp.cos(2.0 * v), 0.0)),
    "scale product": (2, lambda v, w: (0.5 * v * w, 0.0)),
    "location beyond 1.8": (1, lambda v: (0.0, 2.0 * _beyond(jnp.abs(v), 1.8))),
    "location even": (1, lambda v: (0.0, 0.5 * (v**2 - 1.0))),
    "location waves": (1, lambda v: (0.0, 0.7 * jnp.sin(2.0 * v))),
}
"""How many heads, and what they do to the others: the log of their scale, and their location."""


def density(rule: str) -> Callable:
    """Heads ~ N(0, 1), and the others ~ N(location, scale²) given them; ln Z is 0."""
    heads, move = RULES[rule]

    def log_density(x):
        log_scale, location = move(*x[:heads])
        rest = norm.logpdf(x[heads:], location, jnp.exp(log_scale)).sum()
        return norm.logpdf(x[:heads]).sum() + rest

    return log_density


def measure(rule: str, dim: int, seed: int, max_steps: int) -> str:
    """Fit, and say what the verdict was and how far off the worst head's margin is."""
    watch = Stopwatch()
    target = fluvial.Target(density(rule), dim=dim)
    posterior = fluvial.fit(target, seed=seed, max_steps=max_steps, progress=False)
    cpu = watch.read()[1]
    head = posterior.pool.points[:, : RULES[rule][0]]
    weights = np.exp(posterior.pool.log_weights)
    mean = weights @ head
    log_sd = 0.5 * np.log(weights @ (head - mean) ** 2)
    worst = mean[np.argmax(np.abs(mean))], log_sd[np.argmax(np.abs(log_sd))]
    off = abs(worst[0]) > MEAN_BOUND or abs(worst[1]) > SD_BOUND
    failed = posterior.verdict is fluvial.Verdict.FAILED
    kind = "honest" if failed and off else "false alarm" if failed else "WRONG" if off else "right"
    return (
        f"{posterior.verdict.name:<11} {kind:<11} {posterior.provenance.flow:<22} "
        f"mean {worst[0]:+.2f}  ln sd {worst[1]:+.2f}  "
        f"ln Z {posterior.log_evidence:+.3f} ± {posterior.log_evidence_se:.3f}  {cpu:.0f} CPU s"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hidden_heads",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=RULES, default=list(RULES), metavar="RULE")
    parser.add_argument("--dim", type=int, default=310, help="D (default: 310)")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 (default: 1)")
    parser.add_argument("--max-steps", type=int, default=300, help="of training (default: 300)")
    parser.add_argument("--here", action="store_true", help="fit in this process, that seed alone")
    options = parser.parse_args(arguments)
    if options.here:
        print(measure(options.only[0], options.dim, options.seeds, options.max_steps))
        return
    for rule in options.only:
        for seed in range(options.seeds):
            said = _in_a_process(rule, options.dim, seed, options.max_steps)
            print(f"{rule:<20} D {options.dim:>4} seed {seed}  {said}", flush=True)


def _in_a_process(rule: str, dim: int, seed: int, max_steps: int) -> str:
    """So that seconds are those of a cold start."""
    command = [sys.executable, "-m", "benchmarks.hidden_heads", "--here", "--only", rule]
    command += ["--dim", str(dim), "--seeds", str(seed), "--max-steps", str(max_steps)]
    env = {**os.environ, "FLUVIAL_KEEP_COMPILED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return done.stdout.strip() or f"failed: {done.stderr.strip().splitlines()[-1:]}"


if __name__ == "__main__":
    main()
