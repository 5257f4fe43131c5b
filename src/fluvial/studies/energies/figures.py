"""The figures of the study, from its records."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fluvial.reproduction import Figure, StudyResults
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.studies.energies.plan import FAMILIES, EnergiesPlan, EnergySetting, plan

__all__ = ["drawn_figures"]

_LENGTHS = (2, 8, 32)
_STRIP = (0, 2, 4, 8, 12, 16, 20, 24, 28, 32)
_EXTENT = (-4.0, 4.0, -4.0, 4.0)
_GOAL = 0.02


def drawn_figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw all figures that the budget's records allow."""
    measured = plan(results.budget)
    figures = [_curves(results, measured, directory), _strip(results, measured, directory)]
    for left, right in (("planar", "nice-orth"), ("radial", "nice-perm")):
        if {left, right} <= set(measured.families):
            figures.append(_grid(results, measured, left, right, directory))
    return figures


def _grid(
    results: StudyResults, measured: EnergiesPlan, left: str, right: str, directory: Path
) -> Figure:
    """Figure 3(a) to (c): the true density, then both families with 2, 8 and 32 layers."""
    figure, axes = panels(len(measured.energies), 7, 1.15, 1.2, boxed=True)
    columns = [(family, length) for family in (left, right) for length in _LENGTHS]
    for row, energy in zip(axes, measured.energies, strict=True):
        true = _array(results, EnergySetting("planar", 32, energy, True), "true_density")
        _picture(row[0], true, true.max())
        row[0].set_ylabel(energy)
        for axis, (family, length) in zip(row[1:], columns, strict=True):
            density = _array(results, EnergySetting(family, length, energy, True), "density")
            _picture(axis, density, true.max())
    axes[0, 0].set_title("true")
    for axis, (family, length) in zip(axes[0, 1:], columns, strict=True):
        axis.set_title(f"{FAMILIES[family].label}\nK = {length}", fontsize=8)
    name = f"densities-{left}-{right}.png"
    save(figure, directory / name)
    return Figure(
        name,
        f"{FAMILIES[left].label} and {FAMILIES[right].label} flows on the four energies",
        "The true density, and the seed with the median KL divergence of each flow, on the square "
        "from -4 to 4, evaluated through the flow's inverse. A row shares one scale of color. The "
        "paper's pictures are upside down with respect to its Table 1; these follow the table.",
        alt="A grid of densities as bright shapes on black: a row for each energy, U1 to U4; "
        "the true density first, then each flow with more and more layers.",
    )


def _curves(results: StudyResults, measured: EnergiesPlan, directory: Path) -> Figure:
    """Figure 3(d), in KL divergences."""
    figure, axes = panels(1, len(measured.energies), 2.5, 2.8)
    for axis, energy in zip(axes[0], measured.energies, strict=True):
        for family, color in zip(FAMILIES, COLORS, strict=False):
            if family in measured.families:
                _curve(axis, results, family, energy, True, color)
            if _all_done(results, family, energy):
                _curve(axis, results, family, energy, False, color)
        axis.axhline(_GOAL, color=INK, linewidth=0.6, linestyle=":")
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(_LENGTHS, [str(length) for length in _LENGTHS])
        axis.set_xlabel("layers K")
        axis.set_title(energy)
    axes[0, 0].set_ylabel("KL(q || p), nats")
    axes[0, -1].legend(fontsize=7)
    save(figure, directory / "kl-by-length.png")
    return Figure(
        "kl-by-length.png",
        "KL divergence by the number of layers",
        f"Mean over {measured.seeds} seeds of planar flows, and of NICE-perm with 2 and 8 layers, "
        f"{measured.other_seeds} of all else, with one standard deviation. Solid: annealed as in "
        "the paper's eq. 20; dashed: not annealed. The dotted line is 0.02 nat. The paper "
        "draws bounds, whose level is that of no normalized density; these are true divergences.",
        alt="A panel for each energy, U1 to U4: KL(q || p) in nats against the number of "
        "layers, with logarithmic axes and a line for each family of flows.",
    )


def _all_done(results: StudyResults, family: str, energy: str) -> bool:
    """Tell whether the family has been trained without annealing too, with every length."""
    return all(
        results.done(EnergySetting(family, length, energy, False).name) for length in _LENGTHS
    )


def _curve(
    axis, results: StudyResults, family: str, energy: str, annealed: bool, color: str
) -> None:
    records = [
        results.record(EnergySetting(family, length, energy, annealed).name) for length in _LENGTHS
    ]
    kl = [np.asarray(record.values["kl"], np.float64) for record in records]
    mean, spread = np.array([(of.mean(), of.std(ddof=1)) for of in kl]).T
    # On a logarithmic axis a bar must not reach down to zero.
    below = np.minimum(spread, 0.9 * np.maximum(mean, 0.0))
    axis.errorbar(
        _LENGTHS,
        mean,
        yerr=(below, spread),
        color=color,
        linestyle="-" if annealed else "--",
        linewidth=1.2 if annealed else 0.8,
        marker="o" if annealed else None,
        markersize=3,
        capsize=2,
        label=FAMILIES[family].label if annealed else None,
    )


def _strip(results: StudyResults, measured: EnergiesPlan, directory: Path) -> Figure:
    """How a Gaussian becomes the energy's density, layer after layer."""
    figure, axes = panels(len(measured.energies), len(_STRIP) + 1, 0.95, 1.0, boxed=True)
    for row, energy in zip(axes, measured.energies, strict=True):
        setting = EnergySetting("planar", 32, energy, True)
        layers = _array(results, setting, "layers")
        for axis, k in zip(row, _STRIP, strict=False):
            _picture(axis, layers[k], np.quantile(layers[k], 0.995))
        true = _array(results, setting, "true_density")
        _picture(row[-1], true, true.max())
        row[0].set_ylabel(energy)
    for axis, k in zip(axes[0], _STRIP, strict=False):
        axis.set_title(f"k = {k}", fontsize=8)
    axes[0, -1].set_title("true", fontsize=8)
    save(figure, directory / "layer-after-layer.png")
    return Figure(
        "layer-after-layer.png",
        "From a Gaussian to each energy, layer after layer",
        "The density after k of 32 planar layers, from the learned diagonal Gaussian (k = 0) on; "
        "each picture has its own scale of color. All 33 are in the records, as `layers`.",
        alt="A row of densities for each energy, U1 to U4: from left to right a Gaussian spot "
        "is bent, layer after layer, into the shape of the energy.",
    )


def _picture(axis, density: np.ndarray, brightest: float) -> None:
    axis.imshow(
        density,
        origin="lower",
        extent=_EXTENT,
        cmap="magma",
        vmin=0.0,
        vmax=max(float(brightest), 1e-6),
        interpolation="bilinear",
    )
    axis.set_xticks([])
    axis.set_yticks([])


def _array(results: StudyResults, setting: EnergySetting, name: str) -> np.ndarray:
    return results.record(setting.name).arrays[name].astype(np.float64)
