"""Peak memory of fits, each in a process of its own.

    python -m benchmarks.memory

Gaussians with dense covariance and funnels of independent pairs (v ~ N(0, 1.5^2), x ~ N(0, e^v)),
at D = 100, where 1,500 MB are the limit, and D = 1,000, which shall end with a verdict.
"""

import argparse
import math
import sys
from collections.abc import Sequence

from benchmarks.subprocesses import run

CASES = [(kind, dim) for dim in (100, 1000) for kind in ("dense", "pairs")]
LIMIT_MEGABYTES = {100: 1500}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--fit", nargs=2, metavar=("KIND", "DIM"), help="one fit, in this process")
    options = parser.parse_args(arguments)
    if options.fit:
        _fit(options.fit[0], int(options.fit[1]))
        return
    for kind, dim in CASES:
        finished = run([sys.executable, "-m", "benchmarks.memory", "--fit", kind, str(dim)])
        said = (finished.output.splitlines() or ["nothing said"])[-1]
        over = finished.peak_megabytes > LIMIT_MEGABYTES.get(dim, math.inf)
        print(
            f"{kind:<6} D = {dim:>4}{finished.seconds:8.1f} s{finished.peak_megabytes:8.0f} MB"
            f"{' OVER THE LIMIT' if over else ''}   {said}",
            flush=True,
        )


def _fit(kind: str, dim: int) -> None:
    import fluvial

    posterior = fluvial.fit(_target(kind, dim), seed=0, progress=False)
    posterior.draws(4000)
    said = f"k-hat {posterior.khat:.2f}, ELBO {posterior.elbo:.3f} where log Z = 0"
    print(f"{posterior.verdict.name}, {said}")


def _target(kind: str, dim: int):
    import jax.numpy as jnp

    import fluvial
    from fluvial.targets.examples.synthetic import correlated

    if kind == "dense":
        return correlated(dim, 0.5).target

    def pairs(x):
        v, y = x[: dim // 2], x[dim // 2 :]
        quadratic = (v / 1.5) ** 2 + 2 * math.log(1.5) + y**2 * jnp.exp(-v) + v
        return -0.5 * jnp.sum(quadratic + 2 * math.log(2 * math.pi))

    return fluvial.Target(pairs, dim)


if __name__ == "__main__":
    main()
