"""The figures of the k-means study, from its records."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fluvial.reproduction import Figure
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.reproduction.exponent import exponent
from fluvial.studies.kmeans.measuring import (
    IMPLEMENTATIONS,
    Measured,
    operations,
    ratios,
    seconds,
)

__all__ = ["clusters_figure", "operations_figure", "times_figure"]

_LABELS = {
    "loops": "four nested loops",
    "vectorized": "two loops and NumPy",
    "library": "scikit-learn",
}
_SHOWN = (1, 2, 4, 20)


def times_figure(sizes: Sequence[int], seeds: Sequence[Measured], directory: Path) -> Figure:
    """Draw the seconds of each implementation, and the ratio of the first two, against n."""
    figure, axes = panels(1, 2, 4.2, 3.4)
    for name, color in zip(IMPLEMENTATIONS, COLORS, strict=False):
        by_seed = [seconds(one, name) for one in seeds]
        slope = exponent(np.tile(sizes, len(seeds)), np.ravel(by_seed))
        _line(axes[0, 0], sizes, by_seed, color, f"{_LABELS[name]}: {slope.value:.1f}")
    _log_log(axes[0, 0], sizes, "seconds")
    axes[0, 0].legend(fontsize=8, title="and the exponent of n", title_fontsize=8)
    _line(axes[0, 1], sizes, [ratios(one) for one in seeds], INK, "loops / vectorized")
    axes[0, 1].axhline(50.0, color=COLORS[1], linewidth=1, linestyle="--")
    axes[0, 1].annotate("50 times", (sizes[0], 52.0), color=COLORS[1], fontsize=8)
    _log_log(axes[0, 1], sizes, "seconds with loops / seconds vectorized")
    save(figure, directory / "times.png")
    return Figure(
        "times.png",
        "Seconds against size",
        "Left: the time of the same work, n/8 iterations over 8n points, n clusters and n "
        "coordinates; lines are medians over seeds, bands their range. Right: how many times as "
        "long the nested loops take.",
        alt="Two panels with logarithmic axes. Left: seconds against n, a line each for four "
        "nested loops, two loops and NumPy, and scikit-learn, with the fitted exponents in the "
        "legend. Right: seconds with loops over seconds vectorized against n, and a line at 50.",
    )


def operations_figure(sizes: Sequence[int], seeds: Sequence[Measured], directory: Path) -> Figure:
    """Draw how often the innermost interpreted loop runs against n."""
    figure, axes = panels(1, 1, 4.6, 3.4)
    for name, color in zip(("loops", "vectorized"), COLORS, strict=False):
        by_seed = [operations(one, name) for one in seeds]
        slope = exponent(sizes, by_seed[0])
        _line(axes[0, 0], sizes, by_seed, color, f"{_LABELS[name]}: n^{slope.value:.2f}")
    _log_log(axes[0, 0], sizes, "interpreted operations")
    axes[0, 0].legend(fontsize=8)
    save(figure, directory / "operations.png")
    return Figure(
        "operations.png",
        "Interpreted operations against size",
        "How often the innermost loop that Python interprets runs. The arithmetic is the same: "
        "vectorizing leaves it to NumPy, and takes nothing of it away.",
        alt="Interpreted operations against n with logarithmic axes: a straight line for four "
        "nested loops and a less steep one for two loops and NumPy, with their exponents.",
    )


def clusters_figure(arrays: Mapping[str, np.ndarray], directory: Path) -> Figure:
    """Draw the clusters in the plane after some iterations, and the way of the centroids."""
    points, centroids = arrays["points"], arrays["centroids"]
    figure, axes = panels(1, len(_SHOWN), 2.4, 2.5, boxed=True)
    for ax, iteration in zip(axes.flat, _SHOWN, strict=True):
        labels = arrays["labels"][iteration - 1]
        ax.scatter(*points.T, s=5, c=[COLORS[label] for label in labels], alpha=0.5, linewidths=0)
        for cluster in range(centroids.shape[1]):
            way = centroids[:iteration, cluster]
            ax.plot(*way.T, color=INK, linewidth=1.2)
            ax.scatter(*way[-1], s=45, color=COLORS[cluster], edgecolors=INK, zorder=3)
        ax.set_title(f"iteration {iteration}")
        ax.set_xticks([])
        ax.set_yticks([])
    save(figure, directory / "clusters.png")
    return Figure(
        "clusters.png",
        "Clusters in the plane",
        "Each point in the color of its nearest centroid, and the way of each centroid from where "
        "it started.",
        alt="Panels of the same points in the plane after growing numbers of iterations: the "
        "points in the colors of their clusters, and lines along which the centroids moved.",
    )


def _line(ax, sizes, by_seed, color: str, label: str) -> None:
    middle, low, high = (f(by_seed, axis=0) for f in (np.median, np.min, np.max))
    ax.plot(sizes, middle, "o-", color=color, label=label, markersize=4, linewidth=1.5)
    ax.fill_between(sizes, low, high, color=color, alpha=0.2, linewidth=0)


def _log_log(ax, sizes, what: str) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes], minor=False)
    ax.minorticks_off()
    ax.set_xlabel("n")
    ax.set_ylabel(what)
