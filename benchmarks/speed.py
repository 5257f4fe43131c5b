"""Training speed beside other libraries, and the time from the shell prompt to a verdict.

    python -m benchmarks.speed            the same flow, target, batch and steps for every library
    python -m benchmarks.speed --cold     fluvial's command line, caches empty and then full

Needs ``pip install . --group bench`` for the others; what is not installed is said so. Repetitions
of all libraries are interleaved, so that a busy moment hits all alike; medians are printed.
"""

import argparse
import time
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median

from benchmarks import cold_start
from benchmarks.honesty import failure
from benchmarks.peers import LIBRARIES, Trainer, trainer
from benchmarks.speed_problems import PROBLEMS, NotOfferedError, Problem

_DISTRIBUTIONS = {"pyro": "pyro-ppl"}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=500, help="a repetition (default 500)")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="time the command line instead")
    options = parser.parse_args(arguments)
    if options.cold:
        cold_start.report(options.repetitions)
        return
    for problem in PROBLEMS:
        print(f"\n{problem.name}, {options.steps} steps, {options.repetitions} repetitions")
        compare(problem, options.steps, options.repetitions)


def compare(problem: Problem, steps: int, repetitions: int) -> None:
    """Print a line a library: the first run, compilation included, and the median warm step."""
    first: dict[str, float] = {}
    trainers: dict[str, Trainer] = {}
    for library in LIBRARIES:
        start = time.perf_counter()
        try:
            trainers[library] = trainer(library, problem)
            trainers[library](steps)
            first[library] = time.perf_counter() - start
        except NotOfferedError as lack:
            print(f"  {library:<24}{lack}")
        except Exception as error:
            trainers.pop(library, None)
            print(f"  {library:<24}failed: {failure(error)}")
    warm = _interleaved(trainers, steps, repetitions)
    ours = warm.get("fluvial", float("nan"))
    for library, seconds in warm.items():
        cold = f"{first[library]:7.2f} s with compilation"
        step = f"{seconds * 1e6:10.0f} µs a step{seconds / ours:8.1f}x"
        print(f"  {library:<24}{cold}{step}   {_version(library)}", flush=True)


def _interleaved(trainers: dict[str, Trainer], steps: int, repetitions: int) -> dict[str, float]:
    """Median seconds a step by library, each repetition running all libraries in turn."""
    seconds: dict[str, list[float]] = {library: [] for library in trainers}
    for _ in range(repetitions):
        for library, train in trainers.items():
            start = time.perf_counter()
            train(steps)
            seconds[library].append((time.perf_counter() - start) / steps)
    return {library: median(each) for library, each in seconds.items()}


def _version(library: str) -> str:
    package = LIBRARIES[library]
    return f"{package} {version(_DISTRIBUTIONS.get(package, package))}"


if __name__ == "__main__":
    main()
