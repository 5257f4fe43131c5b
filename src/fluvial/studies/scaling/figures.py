"""The figures of the study, from its records."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fluvial.reproduction import Figure, StudyResults
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.reproduction.exponent import exponent
from fluvial.studies.scaling.floor import floor_seconds
from fluvial.studies.scaling.plan import Sweep, plan

__all__ = ["drawn_figures"]

_WITH_FLOOR = ("planar", "radial")
_ROOM = 6.0  # for the legend, above the longest time
_AXES = {"K": "layers K", "D": "dimension D", "N": "width N"}


def drawn_figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw times against sizes, and memory against K."""
    return [_times(results, directory), _memory(results, directory)]


def _times(results: StudyResults, directory: Path) -> Figure:
    figure, axes = panels(1, 3, 3.4, 3.0)
    rates = results.record("machine").values
    for axis, name in zip(axes[0], _AXES, strict=True):
        sweeps = [sweep for sweep in plan(results.budget).sweeps if sweep.axis == name]
        for sweep, color in zip(sweeps, COLORS, strict=False):
            _sweep(axis, results, sweep, color, dict(rates))
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_ylim(top=_ROOM * axis.get_ylim()[1])
        axis.set_xlabel(_AXES[name])
        axis.legend(fontsize=7, loc="upper left")
    axes[0, 0].set_ylabel("seconds a gradient step")
    save(figure, directory / "times.png")
    return Figure(
        "times.png",
        "Time of a gradient step",
        _told(results, dict(rates)),
        alt="Seconds of a gradient step against layers, dimension and width, on logarithmic axes: "
        "a rising line for each kind of flow.",
    )


def _sweep(axis, results: StudyResults, sweep: Sweep, color: str, rates: dict[str, float]) -> None:
    values = dict(results.record(sweep.name).values)
    seconds = np.asarray(values["seconds"])
    slope = exponent(sweep.sizes, seconds.mean(axis=0).tolist())
    axis.errorbar(
        sweep.sizes,
        seconds.mean(axis=0),
        yerr=seconds.std(axis=0),
        color=color,
        marker="o",
        markersize=3,
        linewidth=1.0,
        label=f"{sweep.what}: {slope}",
    )
    if sweep.what in _WITH_FLOOR:
        floor = floor_seconds(values, rates)
        axis.plot(sweep.sizes, floor, color=color, linewidth=0.8, linestyle=":")


def _told(results: StudyResults, rates: dict[str, float]) -> str:
    distances = []
    for sweep in plan(results.budget).sweeps:
        if sweep.what not in _WITH_FLOOR:
            continue
        values = dict(results.record(sweep.name).values)
        measured = np.asarray(values["seconds"]).mean(axis=0)[-1]
        times = measured / floor_seconds(values, rates)[-1]
        distances.append(f"{times:.1f} ({sweep.what}, {sweep.axis} = {sweep.sizes[-1]})")
    return (
        "Mean and standard deviation over seeds; in the legend the fitted exponent with its 95 % "
        "interval. Dotted: what the machine's memory and its tanh allow if a layer's activations "
        "are written and read once and arithmetic is free, at "
        f"{rates['bytes_per_second'] / 1e9:.1f} GB/s and {rates['tanh_per_second'] / 1e9:.2f} "
        f"billion tanh a second. At the largest sizes a step takes {', '.join(distances)} times "
        "as long."
    )


def _memory(results: StudyResults, directory: Path) -> Figure:
    values = results.record("memory").values
    figure, axes = panels(1, 1, 4.0, 3.2)
    axis = axes[0, 0]
    for dim, plain, checkpoint, color in zip(
        values["dims"], values["plain"], values["checkpoint"], COLORS, strict=False
    ):
        for row, style in ((plain, "-"), (checkpoint, "--")):
            megabytes = np.asarray(row) / 2**20
            label = f"D = {dim}" if style == "-" else None
            axis.plot(values["lengths"], megabytes, style, color=color, marker="o", label=label)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xlabel("layers K")
    axis.set_ylabel("temporary memory, MiB")
    axis.plot([], [], "--", color=INK, label="checkpoints")
    axis.legend(fontsize=7)
    save(figure, directory / "memory.png")
    return Figure(
        "memory.png",
        "Memory of a gradient step",
        "What the compiled step of a planar flow needs besides its arguments and results, with "
        "100 points: solid as it is, dashed with `Stacked(..., checkpoint=True)`.",
        alt="Memory against the number of layers, on logarithmic axes: a solid and a dashed rising "
        "line for each dimension, the dashed ones half as steep.",
    )
