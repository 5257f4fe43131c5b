"""How wide a mode must be to be found: missed ones, by multiples of the width that is stated.

    python -m benchmarks.blackbox_widths [--dims 2,5] [--fits 12] [--methods dear,gradient,cheap]

The reasons of a fit without a gradient state the width above which a mode would have been met with
a probability of 95 %. Here half of the mass is a mode of sd 1, and the other half one of a multiple
of the width stated when the first one is alone, at a random place within the bounds (-5, 5). Fits
are counted: right (whatever the verdict), missed but not GOOD, and GOOD and wrong.
"""

import argparse
from collections import Counter

import numpy as np
from scipy.special import logsumexp, softmax

import fluvial
from benchmarks.blackbox import _DEAR, Problem
from fluvial.inference.settings import DEFAULT

__all__ = ["beside", "stated_width"]

_EDGE = 5.0
_MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)


def beside(dim: int, sd: float | None, seed: int) -> Problem:
    """A mode of sd 1 and one of another sd, each at a random place; or the first one alone."""
    rng = np.random.default_rng((5, seed))
    sds = np.array([1.0] if sd is None else [1.0, sd])
    centers = rng.uniform(-2.0, 2.0, (1, dim))
    if sd is not None:
        edge = _EDGE - 4.0 * sd
        centers = np.concatenate([centers, rng.uniform(-edge, edge, (1, dim))])
    scale = dim * (np.log(sds) + 0.5 * np.log(2.0 * np.pi)) + np.log(len(sds))

    def terms(x):
        return -0.5 * np.sum((x[:, None] - centers) ** 2, axis=2) / sds**2 - scale

    def log_density(x):
        return logsumexp(terms(x), axis=1)

    def gradient(x):
        part = softmax(terms(x), axis=1)[:, :, None]
        return np.sum(part * (centers - x[:, None]) / sds[:, None] ** 2, axis=1)

    return Problem(log_density, gradient, [(-_EDGE, _EDGE)] * dim, 0.0)


def fitted(problem: Problem, method: str, seed: int) -> fluvial.Posterior:
    target = fluvial.Target.from_numpy(
        problem.log_density,
        bounds=problem.bounds,
        vectorized=True,
        gradient=problem.gradient if method == "gradient" else None,
    )
    settings = DEFAULT if method == "cheap" else _DEAR
    return fluvial.fit(target, seed=seed, progress=False, settings=settings)


def stated_width(posterior: fluvial.Posterior) -> float:
    """The sd of a mode above which the reasons say that it would have been met."""
    said = next(reason for reason in posterior.reasons if "draws from the prior" in reason)
    part = said.partition("narrower than ")[2].split()
    return 2.0 * _EDGE * float(part[0]) if part else np.nan


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dims", default="2,5")
    parser.add_argument("--fits", type=int, default=12)
    parser.add_argument("--methods", default="dear")
    arguments = parser.parse_args()
    print("| D | method | stated sd | times | right | missed, not GOOD | GOOD and wrong |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    for dim in map(int, arguments.dims.split(",")):
        for method in arguments.methods.split(","):
            stated = stated_width(fitted(beside(dim, None, 0), method, 0))
            for multiple in _MULTIPLES:
                sd = multiple * stated
                if not sd < 1.0:
                    continue
                counts = Counter()
                for seed in range(arguments.fits):
                    found = fitted(beside(dim, sd, seed), method, seed)
                    off = abs(found.log_evidence) > max(0.1, 4.0 * found.log_evidence_se)
                    good = found.verdict is fluvial.Verdict.GOOD
                    counts["right" if not off else "wrong" if good else "doubted"] += 1
                print(
                    f"| {dim} | {method} | {stated:.3g} | {multiple:g} | {counts['right']} | "
                    f"{counts['doubted']} | {counts['wrong']} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
