"""A second mode half as wide as the first, far off in a random direction, of a Stan model.

    python -m benchmarks.narrow_mode --dims 6 8 10 12 --distances 10 14 20 --seeds 0-15

Half of the mass in N(0, I) and half in N(m, w² I). Chains that start near the first mode never see
the second, and R-hat does not show it. A fit is right if each mode holds within 0.05 of a half of
the draws; wrong trust is a verdict of GOOD or USE_WEIGHTS on one that is not.
"""

import argparse
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from itertools import product

import numpy as np

import fluvial
from benchmarks.honesty import TRUSTED

PROGRAM = """
data { int<lower=1> D; vector[D] m; real<lower=0> w; }
parameters { vector[D] x; }
model { target += log_sum_exp(std_normal_lpdf(x), normal_lpdf(x | m, w)) - log(2); }
"""
DRAWS = 4000
BOUND = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.narrow_mode",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dims", type=int, nargs="+", default=[6, 8, 10, 12])
    parser.add_argument("--distances", type=float, nargs="+", default=[10.0, 20.0], help="in sd")
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--seeds", type=_numbers, default=_numbers("0-15"))
    options = parser.parse_args(arguments)
    print(f"{platform.machine()}, Python {platform.python_version()}, jax {version('jax')}")
    print(
        f"{'D':>3}{'distance':>10}{'width':>7}{'fits':>6}{'GOOD':>6}{'wrong trust':>13}{'CPU s':>8}"
    )
    for dim, distance in product(options.dims, options.distances):
        print(line(dim, distance, options.width, options.seeds), flush=True)


def line(dim: int, distance: float, width: float, seeds: Sequence[int]) -> str:
    """Fit once a seed, and count; the seconds are the median of a fit."""
    good, wrong, seconds = 0, 0, []
    for seed in seeds:
        started = time.process_time()
        verdict, right = run(dim, distance, width, seed)
        seconds.append(time.process_time() - started)
        good += verdict == "GOOD"
        wrong += verdict in TRUSTED and not right
    counts = f"{len(seeds):>6}{good:>6}{wrong:>13}{np.median(seconds):8.2f}"
    return f"{dim:>3}{distance:10.0f}{width:7.2g}{counts}"


def run(dim: int, distance: float, width: float, seed: int) -> tuple[str, bool]:
    """Fit, and say what the verdict is and whether both modes hold their share."""
    direction = np.random.default_rng([77, seed]).standard_normal(dim)
    mean = distance * direction / np.linalg.norm(direction)
    data = {"D": dim, "m": mean.tolist(), "w": width}
    posterior = fluvial.fit(fluvial.from_stan(PROGRAM, data), seed=seed, progress=False)
    x = posterior.draws(DRAWS)["x"]
    nearer = np.linalg.norm(x - mean, axis=1) < np.linalg.norm(x, axis=1)
    return posterior.verdict.name, bool(abs(nearer.mean() - 0.5) <= BOUND)


def _numbers(text: str) -> list[int]:
    """Read "3" or "0-7"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
