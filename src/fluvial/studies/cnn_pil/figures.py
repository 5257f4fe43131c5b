"""The figures of the study of Pillow, from its records."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.reproduction import Figure
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.reproduction.equivalence import Equivalence, equivalence
from fluvial.studies.cnn_pil.measuring import WAYS, accuracy_gain, time_ratio

__all__ = ["equivalence_figure", "loss_figure", "seconds_figure"]

_LABELS = {"pillow": "with Pillow", "arrays": "without"}


def equivalence_figure(
    measured: Sequence[Mapping[str, Any]], points: float, share: float, directory: Path
) -> Figure:
    """Draw each seed's difference, the interval of the mean, and the margins.

    Args:
        measured: the values of the records, one for each seed.
        points: the margin of accuracy.
        share: the margin of time.
        directory: where the picture goes.
    """
    gains = [accuracy_gain(values) for values in measured]
    ratios = [time_ratio(values) for values in measured]
    accuracy = equivalence(gains, -points, points)
    seconds = equivalence(ratios, 1.0 - share, 1.0 + share)
    figure, axes = panels(1, 2, 4.0, 2.2)
    _interval(axes[0, 0], gains, accuracy, (-points, points))
    axes[0, 0].set_xlabel("accuracy without Pillow - with it (points)")
    _interval(axes[0, 1], ratios, seconds, (1.0 - share, 1.0 + share))
    axes[0, 1].set_xlabel("training, CPU seconds with Pillow / without")
    save(figure, directory / "equivalence.png")
    return Figure(
        "equivalence.png",
        "Are they the same?",
        "One dot a seed; the bar is the 90 % interval of the mean, the shaded region what counts "
        f"as the same. Two one-sided tests: p = {accuracy.p_equivalent:.2g} for accuracy, "
        f"p = {seconds.p_equivalent:.2g} for time; below 0.05 they are the same within the "
        f"margins. The naive null hypothesis, that accuracy is better without Pillow, has "
        f"p = {accuracy.p_better:.2g}: {_naive(accuracy)}",
        alt="Two panels, of the difference in test accuracy and of the ratio of training times: a "
        "dot for each seed, the interval of their mean, and the region of equivalence behind them.",
    )


def loss_figure(losses: Sequence[Mapping[str, np.ndarray]], directory: Path) -> Figure:
    """Draw the loss of each batch with and without Pillow, mean and range over seeds."""
    figure, axes = panels(1, 1, 5.0, 3.0)
    for way, color in zip(WAYS, COLORS, strict=False):
        by_seed = np.stack([arrays[f"loss_{way}"] for arrays in losses])
        steps = np.arange(by_seed.shape[1])
        low, high = by_seed.min(axis=0), by_seed.max(axis=0)
        axes[0, 0].fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
        axes[0, 0].plot(steps, by_seed.mean(axis=0), color=color, linewidth=1, label=_LABELS[way])
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_xlabel("training step")
    axes[0, 0].set_ylabel("cross-entropy (nats)")
    axes[0, 0].legend()
    save(figure, directory / "loss.png")
    return Figure(
        "loss.png",
        "Learning curves",
        "Mean and range over seeds. Both ways start from the same parameters and see the pictures "
        "in the same order, so that the curves part only where pixels differ.",
        alt="Cross-entropy on a logarithmic axis against the training step: one line with Pillow "
        "and one without, each in a band from the lowest to the highest seed.",
    )


def seconds_figure(measured: Sequence[Mapping[str, Any]], directory: Path) -> Figure:
    """Draw the median seconds of loading and of training, with and without Pillow."""
    figure, axes = panels(1, 2, 2.8, 2.6)
    for ax, what in zip(axes.flat, ("loading", "training"), strict=True):
        for i, way in enumerate(WAYS):
            seconds = [float(np.sum(values[f"{what}_seconds"][way])) for values in measured]
            ax.bar(i, np.median(seconds), color=COLORS[i], width=0.6, alpha=0.6)
            ax.plot(np.full(len(seconds), i), seconds, ".", color=INK, markersize=4)
        ax.set_xticks(range(len(WAYS)), [_LABELS[way] for way in WAYS])
        ax.set_ylabel(f"seconds of {what}")
    save(figure, directory / "seconds.png")
    return Figure(
        "seconds.png",
        "Where the seconds go",
        "Bars are medians over seeds, dots the seeds. Pillow costs time once, in loading: "
        "decoding, converting and resizing. Training sees arrays either way.",
        alt="Two panels of bars, seconds of loading and seconds of training, each with Pillow "
        "beside without, and a dot for each seed.",
    )


def _interval(ax, values: Sequence[float], found: Equivalence, margins) -> None:
    ax.axvspan(*margins, color=COLORS[2], alpha=0.15, linewidth=0)
    ax.plot(values, np.zeros(len(values)), "o", color=COLORS[0], alpha=0.4, markersize=5)
    ax.plot([found.low, found.high], [0.4, 0.4], color=INK, linewidth=3, solid_capstyle="butt")
    ax.plot(found.mean, 0.4, "o", color=INK, markersize=6)
    ax.set_ylim(-0.4, 0.8)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _naive(found: Equivalence) -> str:
    if found.p_better < 0.05:
        return "rejected, it is worse."
    return "not rejected, which does not make it true."
