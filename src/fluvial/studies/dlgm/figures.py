"""The figures of the studies of deep latent Gaussian models, from their records."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fluvial.reproduction import Figure
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.studies.dlgm.comparing import Compared
from fluvial.studies.dlgm.setting import DIAGONAL, PosteriorSetting, unit_name

__all__ = ["against_length", "learning_curves", "pictures"]

_STYLES = ("-", "--", "-.", ":")
_QUANTITIES = ("free energy F", "KL(q ‖ p(z | x))", "−ln p(x)")


def against_length(
    compared: Compared,
    families: Sequence[str],
    published: Mapping[str, Mapping[int, float]],
    directory: Path,
) -> Figure:
    """Draw bound, divergence and −ln p(x) against the number of layers, as in Figure 4."""
    figure, axes = panels(1, 3, 3.2, 3.0)
    for family, color in zip(families, COLORS, strict=False):
        if not compared.family(family):  # of another budget
            continue
        settings = [DIAGONAL, *compared.family(family)]
        layers = [setting.layers for setting in settings]
        for ax, values in zip(axes.flat, _measured(compared, settings), strict=True):
            bars = values.std(axis=1, ddof=1) if values.shape[1] > 1 else None
            look = {"color": color, "markersize": 4, "capsize": 2}
            ax.errorbar(layers, values.mean(axis=1), bars, fmt="o-", label=family, **look)
        if family in published:
            points, label = published[family], f"{family}, published"
            axes[0, 2].plot(list(points), list(points.values()), "x--", color=color, label=label)
    for setting in (one for one in compared.settings if one.prior):
        for ax, values in zip(axes.flat, _measured(compared, [setting]), strict=True):
            ax.axhline(values.mean(), color=INK, linestyle=":", label=setting.name)
    for ax, what in zip(axes.flat, _QUANTITIES, strict=True):
        ax.set_xlabel("layers K")
        ax.set_title(f"{what}, nats")
    axes[0, 2].legend(fontsize=7)
    save(figure, directory / "length.png")
    return Figure(
        "length.png",
        "Bound, divergence and likelihood against the length of the flow",
        "Means over the test images; K = 0 is the diagonal Gaussian. Bars are one standard "
        "deviation of several trainings, where there were several. The divergence is the free "
        "energy less the estimate of −ln p(x) by importance sampling. Crosses are the published "
        "values, where there are any for these data; a dotted line is a learned prior.",
        alt="Three panels against the number of layers, with a line for each family of flows: the "
        "free energy, the divergence from the posterior, and the negative log likelihood.",
    )


def _measured(
    compared: Compared, settings: Sequence[PosteriorSetting]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Free energy, divergence and −ln p(x), each of shape (settings, trainings)."""
    free = np.stack([compared.free_energy(setting) for setting in settings])
    nll = np.stack([compared.nll(setting) for setting in settings])
    return free, free - nll, nll


def learning_curves(compared: Compared, directory: Path) -> Figure:
    """Draw the validation bound against the step, for each posterior."""
    figure, axes = panels(1, 1, 6.0, 3.6)
    ax = axes[0, 0]
    lows = []
    usual = [setting for setting in compared.settings if not setting.changes]
    for setting in usual:
        color, style = _look(setting, usual)
        arrays = compared.results.record(unit_name(setting, 0)).arrays
        free = -arrays["curve_validation_bound"]
        label = setting.name
        ax.plot(arrays["curve_step"], free, style, color=color, linewidth=1.2, label=label)
        lows.append(np.nanmin(free))
    low, high = min(lows), max(lows)
    ax.set_ylim(low - 0.1 * (high - low) - 0.5, high + 2 * (high - low) + 2)
    ax.set_xlabel("step")
    ax.set_title("free energy of the validation images, not annealed, nats")
    ax.legend(fontsize=7, ncols=2)
    save(figure, directory / "learning.png")
    return Figure(
        "learning.png",
        "Learning curves",
        "The bound on images that are not trained on, with fixed draws, for the first seed. The "
        "parameters at its best are the ones that are measured.",
        alt="Free energy in nats against the training step: a falling line for each posterior, "
        "colored by family, solid for the longest flow.",
    )


def pictures(compared: Compared, setting: PosteriorSetting, directory: Path) -> Figure:
    """Draw reconstructions, samples and ways through the latent space of one posterior."""
    arrays = compared.results.record(unit_name(setting, 0)).arrays
    rows = [
        ("test images", arrays["originals"]),
        ("reconstructions", arrays["reconstructions"]),
        ("samples", arrays["drawn"]),
        ("between two images", arrays["between"]),
        ("along one coordinate", arrays["along"]),
    ]
    figure, axes = panels(len(rows), 1, 7.0, 0.75)
    for ax, (title, images) in zip(axes.flat, rows, strict=True):
        ax.imshow(_side_by_side(images), cmap="gray_r", interpolation="nearest")
        ax.set_title(title, fontsize=8, loc="left", color=INK)
        ax.axis("off")
    save(figure, directory / "pictures.png")
    return Figure(
        "pictures.png",
        f"What {setting.name} learned",
        "Test images, and their reconstructions from where the flow takes the mean of q0; mean "
        "images of draws from the prior; mean images on the line through the latent vectors of "
        "the first two test images, from half its length before to half its length beyond; and "
        "along the coordinate that varies most among test images, from −2.5 to 2.5.",
        alt="Five rows of small images: test images, their reconstructions, samples, and two rows "
        "in which one image turns into another.",
    )


def _side_by_side(images: np.ndarray) -> np.ndarray:
    scaled = images / 255.0 if images.dtype == np.uint8 else images.astype(np.float64)
    white = 1.0 if scaled.ndim == 4 else 0.0  # gray images are drawn as ink on paper
    gap = np.full((scaled.shape[1], 1, *scaled.shape[3:]), white)
    strips = [np.concatenate([image, gap], axis=1) for image in np.clip(scaled, 0.0, 1.0)]
    return np.concatenate(strips, axis=1)


def _look(setting: PosteriorSetting, settings: Sequence[PosteriorSetting]) -> tuple[str, str]:
    """Return the color of a family and a line style for each of its lengths, the longest solid."""
    kinds = list(dict.fromkeys(other.kind for other in settings))
    lengths = sorted({s.layers for s in settings if s.kind == setting.kind}, reverse=True)
    color = COLORS[kinds.index(setting.kind) % len(COLORS)]
    return color, _STYLES[lengths.index(setting.layers) % len(_STYLES)]
