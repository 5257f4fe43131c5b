"""Mixtures over dimension, number, width, weight and structure: is a fit sure and wrong?

    python -m benchmarks.scattered_modes --seeds 0-4
    python -m benchmarks.scattered_modes --merge scattered*.jsonl

A fit is right if every mean is within 0.1 sd and every log sd within 0.1 of the exact ones. Wrong
trust is a verdict of GOOD or USE_WEIGHTS on a fit that is not right; the interval is Wilson's, at
95 %. Targets of a seed differ from all that the thresholds were chosen on.
"""

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

import fluvial
from benchmarks import parts
from benchmarks.honesty import Case, tally

BOUND = 0.1
DRAWS = 8000
HEADER = f"{'target':<24}{'seed':>5}  {'verdict':<12}{'error':>7}{'points':>10}{'CPU s':>8}"
_HELD_OUT = 1000  # added to every seed


class Problem(NamedTuple):
    """A log density with its exact moments."""

    log_density: Callable
    dim: int
    mean: np.ndarray
    sd: np.ndarray


def mixture(
    dim: int, modes: int, seed: int, *, box: float, widths: tuple[float, float], even: bool
) -> Problem:
    """Isotropic Gaussians at places uniform in a box."""
    rng = np.random.default_rng([_HELD_OUT + seed, dim, modes])
    means, scales = rng.uniform(-box, box, (modes, dim)), rng.uniform(*widths, (modes, 1))
    weights = np.full(modes, 1.0 / modes) if even else rng.dirichlet(np.full(modes, 4.0))
    mean = weights @ means
    sd = np.sqrt(weights @ (means**2 + scales**2) - mean**2)

    def log_density(x):
        return logsumexp(jnp.log(weights) + norm.logpdf(x, means, scales).sum(axis=1))

    return Problem(log_density, dim, mean, sd)


def wells(pairs: int, seed: int) -> Problem:
    """Double wells in every other coordinate, 2^pairs modes; sums over one coordinate are exact."""
    tilt = np.random.default_rng(_HELD_OUT + seed).uniform(0.1, 0.4)
    grid = np.linspace(-4.0, 4.0, 8001)
    weights = np.exp(-(grid**4) + 5.0 * grid**2 + tilt * grid)
    weights /= weights.sum()
    mean = weights @ grid
    sd = np.sqrt(weights @ grid**2 - mean**2)

    def log_density(x):
        well = -(x[::2] ** 4) + 5.0 * x[::2] ** 2 + tilt * x[::2]
        return jnp.sum(well) - 0.5 * jnp.sum(x[1::2] ** 2)

    both = np.tile([[mean, 0.0], [sd, 1.0]], pairs)
    return Problem(log_density, 2 * pairs, both[0], both[1])


def core(dim: int, seed: int) -> Problem:
    """A narrow core in a wide density, half of the mass in each."""
    width = np.random.default_rng(_HELD_OUT + seed).uniform(0.08, 0.3)

    def log_density(x):
        wide = norm.logpdf(x).sum()
        return jnp.logaddexp(wide, norm.logpdf(x, 0.0, width).sum()) - jnp.log(2.0)

    sd = np.full(dim, np.sqrt((1.0 + width**2) / 2.0))
    return Problem(log_density, dim, np.zeros(dim), sd)


def pairs(factors: int, seed: int) -> Problem:
    """A product of mixtures of four modes in two coordinates each: 4^factors modes."""
    parts = [
        mixture(2, 4, seed + 1000 * (k + 1), box=5.0, widths=(0.4, 1.3), even=False)
        for k in range(factors)
    ]

    def log_density(x):
        return sum(part.log_density(x[2 * k : 2 * k + 2]) for k, part in enumerate(parts))

    mean, sd = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "sd"))
    return Problem(log_density, 2 * factors, mean, sd)


FAMILIES: dict[str, Callable[[int], Problem]] = {
    **{
        f"even, D = {d}, {k} modes": lambda s, d=d, k=k: mixture(
            d, k, s, box=6.0, widths=(1.0, 1.0), even=True
        )
        for d, k in ((2, 2), (5, 8), (10, 4), (15, 8), (20, 8), (50, 4))
    },
    **{
        f"uneven, D = {d}, {k} modes": lambda s, d=d, k=k: mixture(
            d, k, s, box=5.0, widths=(0.4, 1.3), even=False
        )
        for d, k in ((2, 8), (5, 8), (6, 4), (8, 6), (10, 8), (15, 6), (20, 8))
    },
    "close, D = 8, 6 modes": lambda s: mixture(8, 6, s, box=2.5, widths=(0.8, 1.2), even=False),
    "far, D = 10, 4 modes": lambda s: mixture(10, 4, s, box=15.0, widths=(1.0, 1.0), even=True),
    "many, D = 3, 24 modes": lambda s: mixture(3, 24, s, box=12.0, widths=(1.0, 1.0), even=True),
    "many, D = 5, 64 modes": lambda s: mixture(5, 64, s, box=12.0, widths=(1.0, 1.0), even=True),
    "pairs, D = 16, 4^8 modes": lambda s: pairs(8, s),
    "wells, D = 4": lambda s: wells(2, s),
    "wells, D = 32": lambda s: wells(16, s),
    "core, D = 2": lambda s: core(2, s),
    "core, D = 4": lambda s: core(4, s),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scattered_modes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=_numbers, default=_numbers("0-4"))
    parser.add_argument("--only", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--out", type=Path, metavar="JSONL")
    parts.add_options(parser)
    options = parser.parse_args(arguments)
    records = parts.merged(options.merge or filter(None, [options.out]), _key)
    if not options.merge:
        print(f"{platform.machine()}, Python {platform.python_version()}, jax {version('jax')}")
        print(HEADER)
        done = {_key(record) for record in records}
        for seed, name in parts.within(product(options.seeds, options.only), options):
            if (seed, name) not in done:
                records.append(run(name, seed))
                parts.append(options.out, records[-1])
                print(line(records[-1]), flush=True)
    print(report(records))


def _key(record: parts.Record) -> tuple[int, str]:
    return record["seed"], record["name"]


def run(name: str, seed: int) -> parts.Record:
    """Fit one target."""
    started, problem = time.process_time(), FAMILIES[name](seed)
    target = fluvial.Target(problem.log_density, dim=problem.dim)
    posterior = fluvial.fit(target, seed=seed, progress=False)
    x = posterior.draws(DRAWS)["x"]
    off = np.abs(x.mean(axis=0) - problem.mean) / problem.sd
    return {
        "name": name,
        "seed": seed,
        "verdict": posterior.verdict.name,
        "error": float(max(off.max(), np.abs(np.log(x.std(axis=0) / problem.sd)).max())),
        "evaluations": posterior.provenance.evaluations,
        "cpu_seconds": time.process_time() - started,
    }


def line(record: parts.Record) -> str:
    """One fit of one target."""
    return (
        f"{record['name']:<24}{record['seed']:>5}  {record['verdict']:<12}{record['error']:7.3f}"
        f"{record['evaluations']:10,}{record['cpu_seconds']:8.1f}"
    )


def report(records: Sequence[parts.Record]) -> str:
    """How often fits were trusted and wrong, overall and by family."""
    named = [(r["name"], _case(r)) for r in records]
    lines = ["", f"{'target':<24}{'fits':>5}{'GOOD':>6}{'wrong trust':>13}{'false alarms':>14}"]
    for name in FAMILIES:
        cases = [case for family, case in named if family == name]
        wrong = sum(case.wrong_good for case in cases)
        alarms = sum(case.false_alarm for case in cases)
        good = sum(case.verdict == "GOOD" for case in cases)
        if cases:
            lines.append(f"{name:<24}{len(cases):>5}{good:>6}{wrong:>13}{alarms:>14}")
    cases = [case for _, case in named]
    wrong = sum(case.wrong_good for case in cases)
    low, high = wilson(wrong, len(cases)) if cases else (0.0, 1.0)
    lines += ["", tally(cases).report()]
    lines.append(f"wrong trust: {wrong} of {len(cases)}, between {low:.1%} and {high:.1%}")
    return "\n".join(lines)


def _case(record: parts.Record) -> Case:
    name = f"{record['name']}:{record['seed']}"
    return Case(name, record["verdict"], record["error"] <= BOUND)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a proportion (1927, Journal of the American Statistical Association)."""
    share, spread = hits / total, z**2 / total
    center = share + spread / 2.0
    half = z * np.sqrt(share * (1.0 - share) / total + spread / total / 4.0)
    return float((center - half) / (1.0 + spread)), float((center + half) / (1.0 + spread))


def _numbers(text: str) -> list[int]:
    """Read "3" or "0-7"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
