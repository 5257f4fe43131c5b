"""The figures of the study, from its records."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fluvial.reproduction import Figure, StudyResults
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.studies.infinitesimal.claims import diffusion_unit
from fluvial.studies.infinitesimal.diffusion import STEP_SIZE
from fluvial.studies.infinitesimal.plan import (
    InfinitesimalPlan,
    InfinitesimalSetting,
    continuous_setting,
    plan,
)

__all__ = ["drawn_figures"]


def drawn_figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw the bounds by the number of steps, and the diffusion's way to its target."""
    measured = plan(results.budget)
    return [_bounds(results, measured, directory), _diffusion(results, measured, directory)]


def _bounds(results: StudyResults, measured: InfinitesimalPlan, directory: Path) -> Figure:
    figure, axes = panels(1, len(measured.targets), 2.2, 2.8)
    for axis, target in zip(axes[0], measured.targets, strict=True):
        for family, color in zip(measured.families, COLORS, strict=False):
            settings = [InfinitesimalSetting(target, family, length) for length in measured.lengths]
            records = [results.record(setting.name) for setting in settings]
            gaps = np.array([record.values["gap"] for record in records], float)
            _curve(axis, measured.lengths, gaps, color, family)
        if measured.continuous:
            gaps = results.record(continuous_setting(target).name).values["gap"]
            mean = float(np.mean(np.asarray(gaps, float)))
            axis.axhline(mean, color=INK, linewidth=1.0, linestyle="--", label="continuous")
        axis.set_xscale("log", base=2)
        axis.set_xticks(measured.lengths, [str(length) for length in measured.lengths])
        axis.set_xlabel("steps K")
        axis.set_title(target)
        _plain_ticks(axis)
    axes[0, 0].set_ylabel("ln Z - ELBO, nats")
    axes[0, -1].legend(fontsize=7)
    save(figure, directory / "bounds.png")
    return Figure(
        "bounds.png",
        "Bounds of infinitesimal flows",
        "How far the evidence lower bound in the extended space is below ln Z, mean over "
        f"{_counted(measured)} seeds with one standard deviation. Step sizes, masses, inverse "
        "temperatures, gains, angles and the Gaussian start are learned. Dashed: the mean of "
        "flows of a differential equation, which have no number of steps.",
        alt="A panel for each target: nats below ln Z against the number of steps, with falling "
        "lines for Langevin, Hamiltonian and controlled flows, and a dashed level.",
    )


def _counted(measured: InfinitesimalPlan) -> str:
    fewest, most = sorted((measured.other_seeds, measured.seeds))
    return str(most) if fewest == most else f"{fewest} or {most}"


def _diffusion(results: StudyResults, measured: InfinitesimalPlan, directory: Path) -> Figure:
    figure, axes = panels(1, 1, 4.2, 3.0)
    for energy, color in zip(measured.energies, COLORS, strict=False):
        kl = np.asarray(results.record(diffusion_unit(energy)).values["kl"], float).T
        _curve(axes[0, 0], measured.checkpoints, kl, color, energy)
    axes[0, 0].set_xscale("log", base=4)
    axes[0, 0].set_xlabel(f"steps of size h = {STEP_SIZE}")
    axes[0, 0].set_ylabel("KL(q_k || p), nats")
    axes[0, 0].legend(fontsize=7)
    save(figure, directory / "diffusion.png")
    return Figure(
        "diffusion.png",
        "Unadjusted Langevin dynamics, nothing learned",
        f"The divergence of the density after k steps from the target's, started from N(0, 1), "
        f"mean over {measured.repeats} seeds with one standard deviation. It falls until only the "
        "size of the step keeps the densities apart.",
        alt="Divergence in nats against the number of steps, on logarithmic axes: a line for each "
        "energy, U1 to U4, falls from above 1 nat to hundredths and less.",
    )


def _plain_ticks(axis) -> None:
    """Write 0.1, 0.2 and 0.5 where a logarithmic axis spans a decade or less."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _curve(axis, x: Sequence[int], values: np.ndarray, color: str, label: str) -> None:
    """Draw means and standard deviations of values (points, seeds), logarithmically."""
    mean, spread = values.mean(axis=1), values.std(axis=1, ddof=1)
    # On a logarithmic axis a bar must not reach down to zero.
    below = np.minimum(spread, 0.9 * np.maximum(mean, 0.0))
    style = {"color": color, "linewidth": 1.2, "marker": "o", "markersize": 3, "capsize": 2}
    axis.errorbar(x, mean, yerr=(below, spread), label=label, **style)
    axis.set_yscale("log")
