"""Narrow modes that are hard to meet, beside wide ones: is GOOD ever said without them?

    python -m benchmarks.blackbox_narrow [PART OF A NAME ...] [--seed 0]
        [--methods dear,gradient,cheap,nautilus,dynesty]

Every evidence is 1, and bounds are (-5, 5). `dear` has no time for draws of the prior beyond those
that are worth their evaluations, `cheap` is a function that costs next to nothing. A result is
wrong where ln Z is off by more than 0.1 and by more than four of its standard errors. At the end
the fits are counted: GOOD and right, not GOOD, GOOD and wrong; a nested sampler's count as GOOD.
"""

import argparse
import functools
import importlib.util
from collections import Counter

import numpy as np
from scipy.special import logsumexp, softmax

from benchmarks.blackbox import Problem, Result, by_dynesty, by_fluvial, by_nautilus
from fluvial.inference.settings import DEFAULT

__all__ = ["PROBLEMS"]

_EDGE = 5.0


def mixture(dim: int, *modes: tuple[float, float, float | tuple[float, ...]]) -> Problem:
    """Gaussians, each by its share, its place on the diagonal and its standard deviations."""
    shares = np.array([share for share, _, _ in modes])
    centers = np.array([np.full(dim, at) for _, at, _ in modes])
    sds = np.array([np.broadcast_to(sd, dim) for _, _, sd in modes])

    def terms(x):
        z = (x[:, None] - centers) / sds
        scale = np.sum(np.log(sds), axis=1) + 0.5 * dim * np.log(2.0 * np.pi)
        return np.log(shares) - 0.5 * np.sum(z**2, axis=2) - scale

    def log_density(x):
        return logsumexp(terms(x), axis=1)

    def gradient(x):
        part = softmax(terms(x), axis=1)[:, :, None]
        return np.sum(part * (centers - x[:, None]) / sds**2, axis=1)

    return Problem(log_density, gradient, [(-_EDGE, _EDGE)] * dim, 0.0)


def on_a_plateau(dim: int, at: float, sd: float, share: float = 0.5) -> Problem:
    """A Gaussian on a constant that fills the bounds."""
    floor = np.log1p(-share) - dim * np.log(2.0 * _EDGE)
    peak = mixture(dim, (share, at, sd))

    def log_density(x):
        return np.logaddexp(floor, peak.log_density(x))

    def gradient(x):
        part = np.exp(peak.log_density(x) - log_density(x))
        return part[:, None] * peak.gradient(x)

    return Problem(log_density, gradient, peak.bounds, 0.0)


_UNLIKE = (1.5, 1.0, 0.7, 0.5, 0.4)
PROBLEMS = {
    "0.3 beside 1.5, D = 5": functools.partial(mixture, 5, (0.5, -1.0, 1.5), (0.5, 3.5, 0.3)),
    "0.3 beside 1, D = 5": functools.partial(mixture, 5, (0.5, -1.0, 1.0), (0.5, 3.0, 0.3)),
    "0.2 beside 1, D = 5": functools.partial(mixture, 5, (0.3, -1.0, 1.0), (0.7, 3.0, 0.2)),
    "0.12 beside 1, D = 5": functools.partial(mixture, 5, (0.5, -1.0, 1.0), (0.5, 3.0, 0.12)),
    "0.12 beside 1, a tenth of it, D = 5": functools.partial(
        mixture, 5, (0.1, -1.0, 1.0), (0.9, 3.0, 0.12)
    ),
    "0.05 beside 1, D = 5": functools.partial(mixture, 5, (0.7, -1.0, 1.0), (0.3, 3.0, 0.05)),
    "0.1 beside 0.4, D = 5": functools.partial(mixture, 5, (0.5, -2.0, 0.4), (0.5, 2.0, 0.1)),
    "0.2 beside 0.4, D = 5": functools.partial(mixture, 5, (0.5, -2.0, 0.4), (0.5, 2.0, 0.2)),
    "0.2 and 0.3 beside 1, D = 5": functools.partial(
        mixture, 5, (0.4, 0.0, 1.0), (0.3, 3.5, 0.2), (0.3, -3.5, 0.3)
    ),
    "0.12 and 0.2 beside 1, D = 5": functools.partial(
        mixture, 5, (0.4, 0.0, 1.0), (0.3, 3.5, 0.12), (0.3, -3.5, 0.2)
    ),
    "unlike widths, D = 5": functools.partial(
        mixture, 5, (0.5, -1.0, _UNLIKE), (0.5, 3.0, tuple(0.2 * np.array(_UNLIKE)))
    ),
    "0.1 on a plateau, D = 5": functools.partial(on_a_plateau, 5, 2.0, 0.1),
    "0.01 beside 1, far, D = 2": functools.partial(mixture, 2, (0.5, -1.0, 1.0), (0.5, 3.0, 0.01)),
    "0.01 beside 1, near, D = 2": functools.partial(mixture, 2, (0.5, -1.0, 1.0), (0.5, 0.5, 0.01)),
    "0.03 beside 1, far, D = 2": functools.partial(mixture, 2, (0.5, -1.0, 1.0), (0.5, 3.0, 0.03)),
    "0.03 on a plateau, D = 2": functools.partial(on_a_plateau, 2, 2.0, 0.03),
}
_METHODS = {
    "dear": by_fluvial,
    "gradient": functools.partial(by_fluvial, gradient=True),
    "cheap": functools.partial(by_fluvial, settings=DEFAULT),
    "nautilus": by_nautilus,
    "dynesty": by_dynesty,
}


def judged(found: Result, truth: float) -> str:
    """Return what a result is worth."""
    off = abs(found.log_evidence - truth)
    wrong = off > 0.1 and off > 4.0 * found.error
    if found.verdict not in ("GOOD", ""):
        return "not GOOD"
    return "GOOD and wrong" if wrong else "GOOD and right"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("problems", nargs="*", help="parts of the names of some")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", default="dear")
    arguments = parser.parse_args()
    names = [
        name
        for name in arguments.methods.split(",")
        if name not in ("nautilus", "dynesty") or importlib.util.find_spec(name) is not None
    ]
    counts = {name: Counter() for name in names}
    for name, make in PROBLEMS.items():
        if arguments.problems and not any(part in name for part in arguments.problems):
            continue
        for label in names:
            problem = make()
            found = _METHODS[label](problem, arguments.seed)
            counts[label][judged(found, problem.truth)] += 1
            off = found.log_evidence - problem.truth
            print(
                f"| {name} | {label} | {arguments.seed} | {found.evaluations:,} | "
                f"{off:+.3f} | {found.error:.3f} | {found.verdict} |",
                flush=True,
            )
    for label, count in counts.items():
        print(label, dict(count))


if __name__ == "__main__":
    main()
