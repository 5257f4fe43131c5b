"""What is measured of the three implementations: seconds, operations, and whether they agree."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fluvial.reproduction import Record
from fluvial.studies.kmeans.clusters import Clusters
from fluvial.studies.kmeans.library import lloyd_library
from fluvial.studies.kmeans.loops import lloyd_loops
from fluvial.studies.kmeans.problem import Problem
from fluvial.studies.kmeans.vectorized import lloyd_vectorized

__all__ = ["IMPLEMENTATIONS", "measure", "operations", "ratios", "seconds"]

IMPLEMENTATIONS: dict[str, Callable[..., Clusters]] = {
    "loops": lloyd_loops,
    "vectorized": lloyd_vectorized,
    "library": lloyd_library,
}

_REPETITIONS = 3

Measured = Sequence[Mapping[str, Any]]
"""The values of the records of one seed, in the order of the sizes."""


def measure(given: Problem) -> Record:
    """Run the implementations in turn, three times, and compare all that they return.

    In turn, so that a busy moment of the machine hits all of them.
    """
    timed: dict[str, list[float]] = {name: [] for name in IMPLEMENTATIONS}
    found: list[Clusters] = []
    for _ in range(_REPETITIONS):
        for name, lloyd in IMPLEMENTATIONS.items():
            start = time.perf_counter()
            found.append(lloyd(*given))
            timed[name].append(time.perf_counter() - start)
    count, dim = given.points.shape
    values = {
        "points": count,
        "clusters": len(given.start),
        "coordinates": dim,
        "iterations": given.iterations,
        "seconds": timed,
        "operations": {
            name: clusters.operations
            for name, clusters in zip(IMPLEMENTATIONS, found, strict=False)
        },
        "identical": all(_identical(found[0], other) for other in found),
    }
    return Record(values)


def seconds(measured: Measured, name: str) -> list[float]:
    """Return the median seconds of an implementation, by size."""
    return [float(np.median(values["seconds"][name])) for values in measured]


def operations(measured: Measured, name: str) -> list[int]:
    """Return how often the innermost interpreted loop of an implementation ran, by size."""
    return [values["operations"][name] for values in measured]


def ratios(measured: Measured) -> list[float]:
    """Return how many times as long the loops took as the vectorized version, by size."""
    slow, fast = seconds(measured, "loops"), seconds(measured, "vectorized")
    return [loops / vectorized for loops, vectorized in zip(slow, fast, strict=True)]


def _identical(one: Clusters, other: Clusters) -> bool:
    """Compare bit by bit."""
    same_labels = np.array_equal(one.labels, other.labels)
    return same_labels and np.array_equal(one.centroids, other.centroids)
