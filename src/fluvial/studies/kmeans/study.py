"""k-means with loops and vectorized: the same clusters, and how long each takes."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fluvial.reproduction import (
    Budget,
    Claim,
    Figure,
    Record,
    Repetition,
    Rule,
    Story,
    StudyResults,
)
from fluvial.reproduction.exponent import exponent
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.kmeans.figures import clusters_figure, operations_figure, times_figure
from fluvial.studies.kmeans.measuring import measure, operations, ratios
from fluvial.studies.kmeans.problem import blobs, problem
from fluvial.studies.kmeans.vectorized import lloyd_vectorized

__all__ = ["STUDY"]

_SIZES = {
    Budget.SMOKE: (16, 24),
    Budget.QUICK: (16, 24, 32, 48, 64, 96),
    Budget.FULL: (16, 24, 32, 48, 64, 96, 128),
}
_SEEDS = {Budget.SMOKE: 1, Budget.QUICK: 3, Budget.FULL: 5}
_PICTURE = "picture"
_SOURCE = "class notebook: k-means vectorized and not vectorized"
_EXACT = 1e-9
_REPEATS = Repetition.REPEATS  # of problems drawn afresh

_IDENTICAL = Claim(
    name="identical-results",
    statement="Both versions give identical results, and so they do when they are run again.",
    source=_SOURCE,
    published="identical",
    quantity="share of sizes at which labels and centroids agree in every bit, in three "
    "repetitions of the loops, the vectorized version and scikit-learn",
    rule=Rule(low=1.0),
    each=_REPEATS,
)
_LOOPS = Claim(
    name="loops-take-n4-operations",
    statement="The version with loops is O(n^4).",
    source=_SOURCE,
    published="4",
    quantity="exponent of the interpreted operations of the four nested loops",
    rule=Rule(4.0 - _EXACT, 4.0 + _EXACT),
    each=_REPEATS,
)
_VECTORIZED = Claim(
    name="vectorized-takes-n2-operations",
    statement="The vectorized version is O(n^2).",
    source=_SOURCE,
    published="2",
    quantity="exponent of the interpreted operations of the two loops that are left",
    rule=Rule(2.0 - _EXACT, 2.0 + _EXACT),
    each=_REPEATS,
)
_GROWS = Claim(
    name="gain-grows-with-size",
    statement="The larger the problem, the more is gained by vectorizing.",
    source=_SOURCE,
    published="",
    quantity="exponent, in n, of the seconds with loops over the seconds vectorized",
    rule=Rule(low=0.0),
    each=_REPEATS,
)
_FIFTY = Claim(
    name="fifty-times-faster",
    statement="The vectorized version is much faster.",
    source=_SOURCE,
    published="at least 50 times at the largest size",
    quantity="seconds with loops over seconds vectorized, at the largest size",
    rule=Rule(low=50.0),
    each=_REPEATS,
)


def _units(budget: Budget) -> Sequence[Unit]:
    """List one unit for each seed and size, and one for the picture in the plane."""
    measured = [
        Unit(_unit(seed, n), partial(_measure, n, seed))
        for seed in range(_SEEDS[budget])
        for n in _SIZES[budget]
    ]
    return [*measured, Unit(_PICTURE, _picture)]


def _claims(results: StudyResults) -> Iterator[tuple[Claim, Sequence[float]]]:
    sizes, seeds = _SIZES[results.budget], _measured(results)
    yield _IDENTICAL, [float(np.mean([v["identical"] for v in one])) for one in seeds]
    yield _LOOPS, [exponent(sizes, operations(one, "loops")).value for one in seeds]
    yield _VECTORIZED, [exponent(sizes, operations(one, "vectorized")).value for one in seeds]
    yield _GROWS, [exponent(sizes, ratios(one)).value for one in seeds]
    yield _FIFTY, [ratios(one)[-1] for one in seeds]


def _figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw times and operations against n, and clusters in the plane."""
    sizes, seeds = _SIZES[results.budget], _measured(results)
    return [
        times_figure(sizes, seeds, directory),
        operations_figure(sizes, seeds, directory),
        clusters_figure(results.record(_PICTURE).arrays, directory),
    ]


def _unit(seed: int, n: int) -> str:
    return f"seed-{seed}-n-{n}"


def _measure(n: int, seed: int) -> Record:
    return measure(problem(n, seed))


def _measured(results: StudyResults) -> list:
    """Return what was measured: a list for each seed, of the values at each size."""
    sizes = _SIZES[results.budget]
    return [
        [results.record(_unit(seed, n)).values for n in sizes] for seed in results.header["seeds"]
    ]


def _picture() -> Record:
    """Follow five centroids in the plane that all start in one corner."""
    points = blobs(400, 5, 2, seed=2)
    start = points[np.argsort(points.sum(axis=1))[-5:]]
    steps = [lloyd_vectorized(points, start, iterations) for iterations in range(1, 21)]
    arrays = {
        "points": points,
        "labels": np.stack([step.labels for step in steps]),
        "centroids": np.stack([step.centroids for step in steps]),
    }
    return Record({"points": len(points), "clusters": len(start)}, arrays)


STUDY = Study(
    name="kmeans",
    title="k-means with nested loops, vectorized, and by scikit-learn",
    version=1,
    seeds=_SEEDS,
    units=_units,
    claims=_claims,
    figures=_figures,
    story=Story(
        "k-means written without two of its four nested loops gives the same clusters, and is "
        "much faster, the more so the larger the problem.",
        ("identical-results", "gain-grows-with-size", "fifty-times-faster"),
        "times.png",
    ),
)
"""Lloyd's algorithm three times, from the same start to the same end."""
