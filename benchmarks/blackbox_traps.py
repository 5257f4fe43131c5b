"""Functions on which a surrogate is easily sure and wrong: noise, cliffs, holes, floors.

    python -m benchmarks.blackbox_traps [PART OF A NAME ...] [--seeds 3]

All are dear functions without gradients in bounds (-5, 5), in two coordinates and in five. None may
be GOOD. At the end the verdicts are counted.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable

import numpy as np

from benchmarks.blackbox import Problem, by_fluvial

__all__ = ["TRAPS"]

_NOISE = np.random.default_rng(0)


def _gaussian(x, at: float = 0.5, sd: float = 0.6):
    scale = x.shape[1] * np.log(sd * np.sqrt(2.0 * np.pi))
    return -0.5 * np.sum(((x - at) / sd) ** 2, axis=1) - scale


def _hashed(x):
    """Noise of one nat that is a function of the point, as of a simulation seeded by it."""
    digests = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in x]
    return np.array([int.from_bytes(d, "little") for d in digests]) / 2.0**64 - 0.5


def _of_outliers(x):
    return _gaussian(x) + 20.0 * (_NOISE.uniform(size=len(x)) < 0.01)


def _in_one_tail(x):
    return _gaussian(x) + 2.0 * (x[:, 0] > 1.3) * _NOISE.standard_normal(len(x))


def _away(x, depth: float):
    """A Gaussian but for a ball beside its middle, where the density is so much lower."""
    inside = np.sum((x - 0.8) ** 2, axis=1) < 0.25 * x.shape[1]
    return np.where(inside, _gaussian(x) - depth, _gaussian(x))


def _box(x, floor: float):
    return np.where(np.max(np.abs(x - 1.0), axis=1) < 1.0, 0.0, floor)


TRAPS: dict[str, Callable] = {
    "noise of 1 nat": lambda x: _gaussian(x) + _NOISE.standard_normal(len(x)),
    "noise of 0.2 nat": lambda x: _gaussian(x) + 0.2 * _NOISE.standard_normal(len(x)),
    "20 nats more at 1 % of the calls": _of_outliers,
    "noise of 2 nats in one tail": _in_one_tail,
    "noise that is a function of the point": lambda x: _gaussian(x) + _hashed(x),
    "ripples of 1e-7": lambda x: _gaussian(x) + np.sin(1e7 * x[:, 0]),
    "ripples of 1e-3": lambda x: _gaussian(x) + np.sin(1e3 * x.sum(axis=1)),
    "a cliff of 60 nats": lambda x: _gaussian(x) - 60.0 * (x[:, 0] > 1.0),
    "a step of 12 nats upwards": lambda x: _gaussian(x) + 12.0 * (x[:, 0] > 1.6),
    "no density beyond a line": lambda x: np.where(x[:, 0] > 1.0, -np.inf, _gaussian(x)),
    "NaN in a slab": lambda x: np.where(np.abs(x[:, 0] - 1.0) < 0.3, np.nan, _gaussian(x)),
    "a ball of 30 nats less": lambda x: _away(x, 30.0),
    "a ball without density": lambda x: _away(x, np.inf),
    "a box on no floor": lambda x: _box(x, -np.inf),
    "a box 30 nats above a floor": lambda x: _box(x, -30.0),
    "a Gaussian clipped 20 nats down": lambda x: np.maximum(_gaussian(x, 2.0, 0.1), -20.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("traps", nargs="*", help="parts of the names of some")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    counts = Counter()
    for name, function in TRAPS.items():
        if arguments.traps and not any(part in name for part in arguments.traps):
            continue
        for dim in (2, 5):
            problem = Problem(function, function, [(-5.0, 5.0)] * dim, 0.0)
            found = [by_fluvial(problem, seed) for seed in range(arguments.seeds)]
            verdicts = Counter(one.verdict for one in found)
            counts += verdicts
            said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
            evidence = ", ".join(f"{one.log_evidence:.3f}" for one in found)
            print(f"| {name} | {dim} | {said} | {evidence} |", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main()
