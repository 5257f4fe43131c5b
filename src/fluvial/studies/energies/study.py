"""The study: which unit does what."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fluvial.reproduction import Budget, Curve, Layers, Record, Story, StudyResults
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.energies.claims import measured_claims
from fluvial.studies.energies.figures import drawn_figures
from fluvial.studies.energies.plan import FAMILIES, EnergiesPlan, EnergySetting, plan

__all__ = ["STUDY"]

_TRACE_POINTS = 100


def _units(budget: Budget) -> Sequence[Unit]:
    """List one unit for each family, length, energy, annealed or not: all seeds of it."""
    chosen = plan(budget)
    return [
        Unit(setting.name, lambda setting=setting: _run(setting, chosen))
        for setting in chosen.settings()
    ]


def _curves(results: StudyResults) -> Sequence[Curve]:
    units = [setting.name for setting in plan(results.budget).settings()]
    return [
        Curve(unit, "free_energy", "free energy", steps=results.record(unit).values["steps"])
        for unit in filter(results.done, units)
    ]


def _layers(results: StudyResults) -> Sequence[Layers]:
    return [
        Layers(setting.name, "layers", setting.energy, true="true_density")
        for setting in plan(results.budget).settings()
        if _shows_layers(setting)
    ]


def _shows_layers(setting: EnergySetting) -> bool:
    return setting.family == "planar" and setting.length == 32 and setting.annealed


def _run(setting: EnergySetting, chosen: EnergiesPlan) -> Record:
    from fluvial.studies.energies import measuring, training

    rates = training.step_sizes(FAMILIES[setting.family].rate, chosen.steps)
    ramp = chosen.ramp if setting.annealed else None
    temperatures = training.inverse_temperatures(chosen.steps, ramp)
    flows = training.build_seeds(setting.spec, chosen.seeds_of(setting))
    trained = training.train_seeds(flows, setting.energy, rates, temperatures, chosen.draws)
    fit = measuring.measure(trained.flows, setting.energy, chosen.measuring_draws)
    shown = int(np.argsort(fit.kl)[len(fit.kl) // 2])
    values = {
        **setting._asdict(),
        "flow": setting.spec,
        "kl": fit.kl,
        "kl_se": fit.kl_se,
        "right": fit.right,
        "nonfinite": fit.nonfinite,
        "nonfinite_training": trained.nonfinite,
        "largest_step_size": FAMILIES[setting.family].rate,
        "steps": chosen.steps,
        "draws": chosen.draws,
        "ramp": ramp,
        "shown_seed": shown,
    }
    return Record(values, _arrays(setting, chosen, trained, shown))


def _arrays(
    setting: EnergySetting, chosen: EnergiesPlan, trained: Any, shown: int
) -> dict[str, np.ndarray]:
    """Return the path of the free energy, and pictures of the seed with the median KL."""
    from fluvial.studies.energies import measuring

    flow = measuring.one_seed(trained.flows, shown)
    pictured = {"density": measuring.densities(flow, chosen.grid)}
    if _shows_layers(setting):
        pictured["layers"] = measuring.layer_densities(flow, chosen.grid)
        pictured["true_density"] = measuring.true_density(setting.energy, chosen.grid)
    trace = np.asarray(trained.free_energies)
    blocks = min(_TRACE_POINTS, chosen.steps)
    means = [block.mean(axis=1) for block in np.array_split(trace, blocks, axis=1)]
    return {
        "free_energy": np.stack(means, axis=1).astype(np.float32),
        **{name: _small(picture) for name, picture in pictured.items()},
    }


def _small(density: np.ndarray) -> np.ndarray:
    """Halve a picture's size: float16 has three digits, and its least value is 6e-8."""
    return np.minimum(density, np.finfo(np.float16).max).astype(np.float16)


STUDY = Study(
    name="energies",
    title="Two-dimensional energies (Rezende & Mohamed 2015, section 6.1, Figure 3)",
    version=1,
    seeds={budget: plan(budget).seeds for budget in Budget},
    units=_units,
    claims=measured_claims,
    figures=drawn_figures,
    curves=_curves,
    layers=_layers,
    story=Story(
        "Planar and radial flows bend a Gaussian into densities with several modes and curved "
        "ridges, the better the more layers, and 32 planar layers are closer than NICE.",
        ("u3-planar-falls", "u2-planar-beats-nice-perm", "u1-both-modes"),
        "densities-planar-nice-orth.png",
    ),
)
"""Flows of 2, 8 and 32 layers on the energies U1 to U4, as in the paper's Figure 3.

U2, U3 and U4 are not normalizable on the plane: they are cut off smoothly at |z1| = 4, where the
paper's pictures end (see `fluvial.targets.examples.energies`). ln Z is then known to better than
1e-6, and what is reported is KL(q || p) = ln Z - ELBO.
"""
