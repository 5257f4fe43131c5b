"""The study: which unit does what, and its figure."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import jax
import numpy as np

from fluvial.amortized import DLGM, train
from fluvial.reproduction import Budget, Figure, Record, Story, StudyResults
from fluvial.reproduction.drawing import COLORS, panels, save
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.cifar10_pixels.claims import measured, measured_claims, unit_name
from fluvial.studies.cifar10_pixels.plan import PLANS, PixelsPlan, Preparation

__all__ = ["STUDY"]

_LEVELS = 256


def _units(budget: Budget) -> Sequence[Unit]:
    plan = PLANS[budget]
    return [Unit(unit_name(*run), partial(_run, plan, *run)) for run in plan.runs()]


def _run(plan: PixelsPlan, preparation: Preparation, layers: int, seed: int) -> Record:
    """Train one model, and measure it on the test patches."""
    data = preparation.prepared(plan.load())
    likelihood = preparation.likelihood(data.dim)
    key = jax.random.key(seed)
    dlgm = DLGM(data.dim, plan.latent, plan.hidden, likelihood=likelihood, key=key)
    flow = f"planar:{layers}" if layers else None
    trained = train(dlgm, data, flow, seed, recipe=plan.recipe, progress=False)
    nll = -trained.log_likelihood(data.test, samples=plan.samples)
    few = data.test[: plan.few]
    more = -trained.log_likelihood(few, samples=plan.more_samples, seed=1)
    values = {
        **preparation._asdict(),
        "layers": layers,
        "seed": seed,
        "data": data.name,
        "note": data.note,
        "free_energy": -trained.bound(data.test).mean(),
        "nll": nll.mean(),
        "nll_few_samples": nll[: plan.few].mean(),
        "nll_more_samples": more.mean(),
        "bits_per_dimension": _bits(nll.mean(), data.dim) if preparation.dequantized else None,
        "samples": plan.samples,
        "more_samples": plan.more_samples,
        "validation_bound": trained.validation_bound,
        "best_step": trained.best_step,
        "steps": trained.history[-1]["step"],
        "skipped": trained.skipped,
    }
    return Record(values)


def _bits(nll: float, dim: int) -> float:
    """Bits per dimension of the levels, of which a dequantized density gives a bound."""
    return (nll / dim + math.log(_LEVELS)) / math.log(2)


def _figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    plan = PLANS[results.budget]
    figure, axes = panels(1, 1, 6.5, 0.5 + 0.42 * len(plan.preparations))
    axis = axes[0, 0]
    rows = np.arange(len(plan.preparations))[::-1]
    for layers, color, shift in zip(plan.layers, COLORS, (0.12, -0.12), strict=False):
        for row, preparation in zip(rows, plan.preparations, strict=True):
            values = measured(results, preparation, layers)
            free = measured(results, preparation, layers, "free_energy")
            label = f"K = {layers}" if row == rows[0] else None
            places = np.full(len(values), row + shift)
            axis.plot(values, places, "o", color=color, markersize=4, label=label)
            axis.plot(free, places, "|", color=color, markersize=7)
    axis.set_yticks(rows, [preparation.name for preparation in plan.preparations])
    axis.set_xlabel("nats")
    axis.legend(fontsize=7)
    save(figure, directory / "preparations.png")
    return [
        Figure(
            "preparations.png",
            "−ln p(x) and the free energy by the preparation of pixels",
            "A dot is −ln p(x) of one training, a bar its free energy. Levels are raw or "
            "dequantized; the scale of a pixel's logit depends on z (free), is a parameter of its "
            "own (pixel), or is 1; ε is 1e-4, or 1/512 where the name says so.",
            alt="A row for each preparation, and in it a dot and a bar for each training, in one "
            "color without a flow and in another with one.",
        )
    ]


STUDY = Study(
    name="cifar10_pixels",
    title="CIFAR-10: what the preparation of pixels does to −ln p(x)",
    version=1,
    seeds={budget: plan.seeds for budget, plan in PLANS.items()},
    units=_units,
    claims=measured_claims,
    figures=_figures,
    story=Story(
        "Longer planar flows lower −ln p(x) of patches of CIFAR-10. How the published models "
        "treated levels, and what their likelihood's scale depends on, is not known here.",
        ("preparation-outweighs-flows", "free-raw-flow-gains", "free-dequantized-flow-gains"),
        "preparations.png",
    ),
)
"""Planar flows of 0 and 10 layers for each of twelve ways to prepare pixels.

The quick budget trains a small model for 1,000 steps, which is far from converged. The smoke budget
takes its patches from scikit-learn's two photographs.
"""
