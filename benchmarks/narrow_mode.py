"""A second mode narrower than the first, far off in a random direction, of a Stan model.

    python -m benchmarks.narrow_mode --dims 6 8 10 12 --distances 10 14 20 --seeds 0-15
    python -m benchmarks.narrow_mode --dims 6 8 10 12 --random --seeds 0-35

Half of the mass in N(0, I) and half in N(m, w² I). Chains that start near the first mode never see
the second, and R-hat does not show it. With ``--random`` the width is uniform in [0.3, 1], the mass
of the second mode in [0.1, 0.9], and its distance in [8, 20] sd. A fit is right if each mode holds
its share of the draws within 0.05; wrong trust is a verdict of GOOD or USE_WEIGHTS on one that is
not.
"""

import argparse
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from itertools import product
from typing import NamedTuple

import numpy as np

import fluvial
from benchmarks.honesty import TRUSTED

PROGRAM = """
data { int<lower=1> D; vector[D] m; real<lower=0> w; real<lower=0, upper=1> share; }
parameters { vector[D] x; }
model { target += log_mix(share, normal_lpdf(x | m, w), std_normal_lpdf(x)); }
"""
DRAWS = 4000
BOUND = 0.05
WIDTHS, SHARES, DISTANCES = (0.3, 1.0), (0.1, 0.9), (8.0, 20.0)
HALF = 0.5
HEADER = (
    f"{'D':>3}{'distance':>10}{'width':>12}{'fits':>6}{'GOOD':>6}{'wrong trust':>13}{'CPU s':>8}"
)


class Plan(NamedTuple):
    """The second mode: its distance, its width and its mass."""

    distance: float
    width: float
    share: float


class Outcome(NamedTuple):
    """A fit seen from outside: its verdict, whether it is right, and its CPU seconds."""

    verdict: str
    right: bool
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.narrow_mode",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dims", type=int, nargs="+", default=[6, 8, 10, 12])
    parser.add_argument("--distances", type=float, nargs="+", default=[10.0, 20.0], help="in sd")
    parser.add_argument("--width", type=float, default=HALF)
    parser.add_argument("--random", action="store_true", help="widths, masses and distances")
    parser.add_argument("--seeds", type=_numbers, default=_numbers("0-15"))
    options = parser.parse_args(arguments)
    print(f"{platform.machine()}, Python {platform.python_version()}, jax {version('jax')}")
    print(HEADER, flush=True)
    if options.random:
        for dim in options.dims:
            _random_lines(dim, options.seeds)
        return
    for dim, distance in product(options.dims, options.distances):
        plan = Plan(distance, options.width, 0.5)
        outcomes = [run(dim, plan, seed) for seed in options.seeds]
        print(line(dim, f"{distance:.0f}", f"{options.width:.2g}", outcomes), flush=True)


def _random_lines(dim: int, seeds: Sequence[int]) -> None:
    """Fits of random plans, those at least half as wide apart from narrower ones."""
    plans = [random_plan(dim, seed) for seed in seeds]
    outcomes = [run(dim, plan, seed) for plan, seed in zip(plans, seeds, strict=True)]
    for text, wide in ((f"from {HALF}", True), (f"below {HALF}", False)):
        some = [o for o, plan in zip(outcomes, plans, strict=True) if (plan.width >= HALF) == wide]
        print(line(dim, "8 to 20", text, some), flush=True)


def random_plan(dim: int, seed: int) -> Plan:
    rng = np.random.default_rng([78, dim, seed])
    return Plan(rng.uniform(*DISTANCES), rng.uniform(*WIDTHS), rng.uniform(*SHARES))


def line(dim: int, distance: str, width: str, outcomes: Sequence[Outcome]) -> str:
    """Count; the seconds are the median of a fit."""
    good = sum(outcome.verdict == "GOOD" for outcome in outcomes)
    wrong = sum(outcome.verdict in TRUSTED and not outcome.right for outcome in outcomes)
    seconds = np.median([outcome.seconds for outcome in outcomes]) if outcomes else np.nan
    return f"{dim:>3}{distance:>10}{width:>12}{len(outcomes):>6}{good:>6}{wrong:>13}{seconds:8.2f}"


def run(dim: int, plan: Plan, seed: int) -> Outcome:
    """Fit, and see what the verdict is and whether both modes hold their share."""
    direction = np.random.default_rng([77, seed]).standard_normal(dim)
    mean = plan.distance * direction / np.linalg.norm(direction)
    data = {"D": dim, "m": mean.tolist(), "w": plan.width, "share": plan.share}
    started = time.process_time()
    posterior = fluvial.fit(fluvial.from_stan(PROGRAM, data), seed=seed, progress=False)
    seconds = time.process_time() - started
    x = posterior.draws(DRAWS)["x"]
    there = np.linalg.norm(x - mean, axis=1) / plan.width < np.linalg.norm(x, axis=1)
    right = bool(abs(there.mean() - plan.share) <= BOUND)
    return Outcome(posterior.verdict.name, right, seconds)


def _numbers(text: str) -> list[int]:
    """Read "3" or "0-7"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
