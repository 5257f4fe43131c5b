"""Missed modes and other silent failures: true shares of mass, those of the draws, the verdict.

    python -m benchmarks.modes
    python -m benchmarks.modes --merge modes*.jsonl

A wrong GOOD is a fit whose verdict invites trust (GOOD, USE_WEIGHTS) while some region's share is
off by more than 10 % (15 % for tails), or the density is improper; a false alarm is the opposite.
"""

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import parts
from benchmarks.fitting import Stopwatch, fit_and_draw
from benchmarks.honesty import Case, failure, tally
from benchmarks.metrics import share_error
from benchmarks.shapes import SHAPES, Shape

DRAWS = 20_000
"""Puts the Monte Carlo error of a share of 0.1 at 2 % of it."""


class Outcome(NamedTuple):
    """One fit, seen from outside."""

    verdict: str
    khat: float
    ess: float
    shares: np.ndarray
    seconds: float
    note: str = ""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.modes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--out", type=Path, metavar="JSONL")
    parts.add_options(parser)
    options = parser.parse_args(arguments)
    if not options.merge:
        numbers = f"{'seed':>5}{'error':>8}{'k-hat':>7}{'ESS':>8}{'s':>7}"
        print(f"{'target':<24}{numbers}  {'verdict':<12} shares found / true", flush=True)
    records = parts.merged(options.merge or filter(None, [options.out]), lambda r: r["name"])
    done = {record["name"] for record in records}
    fits: list[tuple[str, int]] = list(product(options.only, range(options.seeds)))
    for name, seed in parts.within(fits, options):
        if not options.merge and f"{name}:{seed}" not in done:
            records.append(_fitted(name, seed))
            parts.append(options.out, records[-1])
    print(f"\n{tally(Case(**record) for record in records).report()}")


def _fitted(name: str, seed: int) -> parts.Record:
    """Fit, and print a line."""
    shape = SHAPES[name]()
    outcome = run(shape, seed)
    print(line(name, seed, shape, outcome), flush=True)
    return Case(f"{name}:{seed}", outcome.verdict, bool(_right(shape, outcome)))._asdict()


def run(shape: Shape, seed: int) -> Outcome:
    """Fit; an error is an outcome too, and for an improper density a fair one."""
    watch = Stopwatch()
    try:
        posterior, draws, seconds, _ = fit_and_draw(shape.target, seed, DRAWS)
        found = shape.found(draws)
    except Exception as error:
        nothing, seconds = np.full(len(shape.truth), np.nan), watch.read()[0]
        return Outcome("ERROR", np.nan, np.nan, nothing, seconds, failure(error))
    return Outcome(posterior.verdict.name, posterior.khat, posterior.ess, found, seconds)


def line(name: str, seed: int, shape: Shape, outcome: Outcome) -> str:
    """One fit of one target."""
    error = share_error(outcome.shares, shape.truth) if shape.truth.size else np.nan
    both = f"{_rounded(outcome.shares)} / {_rounded(shape.truth)}" if shape.truth.size else ""
    return (
        f"{name:<24}{seed:>5}{error:8.1%}{outcome.khat:7.2f}{outcome.ess:8.0f}"
        f"{outcome.seconds:7.1f}  "
        f"{outcome.verdict:<12} {outcome.note or both}"
    ).rstrip()


def _right(shape: Shape, outcome: Outcome) -> bool:
    return shape.truth.size > 0 and share_error(outcome.shares, shape.truth) <= shape.bound


def _rounded(values: np.ndarray) -> str:
    return " ".join(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    main()
