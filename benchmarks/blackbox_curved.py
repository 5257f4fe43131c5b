"""Curved densities without gradients, which mixtures of Gaussians are poor at: flows take over.

    python -m benchmarks.blackbox_curved [PART OF A NAME ...] [--seed 0]

Every evidence is 1, but for what lies beyond the bounds, which is negligible. Functions count as
dear, as in `benchmarks.blackbox`. Seconds are of the processor.
"""

import argparse
import functools

import numpy as np

from benchmarks.blackbox import Problem, by_fluvial

__all__ = ["PROBLEMS"]


def _log_normal(x, mean, sd):
    return -0.5 * ((x - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2.0 * np.pi)


def _turn(dim: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(7).standard_normal((dim, dim)))[0]


def _no_gradient(x):
    raise NotImplementedError


def banana(dim: int, bend: float = 1.0) -> Problem:
    """A ridge of width 0.1 along a parabola, turned into all coordinates."""
    turn = _turn(dim)

    def log_density(x):
        y = x @ turn
        middle = bend * (y[:, 0] ** 2 - 1.0)
        curved = _log_normal(y[:, 0], 0.0, 1.0) + _log_normal(y[:, 1], middle, 0.1)
        return curved + _log_normal(y[:, 2:], 0.0, 0.5).sum(axis=1)

    return Problem(log_density, _no_gradient, [(-20.0 * bend, 20.0 * bend)] * dim, 0.0)


def funnel(dim: int) -> Problem:
    """One scale over all other coordinates."""

    def log_density(x):
        rest = _log_normal(x[:, 1:], 0.0, np.exp(0.5 * x[:, :1]))
        return _log_normal(x[:, 0], 0.0, 1.5) + rest.sum(axis=1)

    return Problem(log_density, _no_gradient, [(-30.0, 30.0)] * dim, 0.0)


def wave(dim: int) -> Problem:
    """A tube of width 0.2 along sines of different phases, turned into all coordinates."""
    turn = _turn(dim)

    def log_density(x):
        y = x @ turn
        middle = np.sin(1.5 * y[:, :1] + np.arange(dim - 1))
        return _log_normal(y[:, 0], 0.0, 1.0) + _log_normal(y[:, 1:], middle, 0.2).sum(axis=1)

    return Problem(log_density, _no_gradient, [(-10.0, 10.0)] * dim, 0.0)


PROBLEMS = {
    f"{name}, D = {dim}": functools.partial(make, dim)
    for name, make in (
        ("banana", banana),
        ("banana bent twice as much", functools.partial(banana, bend=2.0)),
        ("funnel", funnel),
        ("wave", wave),
    )
    for dim in (3, 5, 8, 10, 15)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("problems", nargs="*", help="parts of the names of some")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, make in PROBLEMS.items():
        if arguments.problems and not any(part in name for part in arguments.problems):
            continue
        problem = make()
        found = by_fluvial(problem, arguments.seed)
        print(
            f"| {name} | {arguments.seed} | {found.evaluations:,} | {found.seconds:.0f} | "
            f"{found.log_evidence - problem.truth:+.3f} | {found.error:.3f} | {found.verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
