"""The study: which unit does what."""

from collections.abc import Sequence

import numpy as np

from fluvial.reproduction import Budget, Curve, Record, Story, StudyResults
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.infinitesimal.claims import diffusion_unit, measured_claims
from fluvial.studies.infinitesimal.figures import drawn_figures
from fluvial.studies.infinitesimal.plan import InfinitesimalPlan, InfinitesimalSetting, plan

__all__ = ["STUDY"]

_TRACE_POINTS = 100


def _units(budget: Budget) -> Sequence[Unit]:
    """List one unit for each flow and target, and one for each diffusion: all seeds of it."""
    chosen = plan(budget)
    return [
        *(
            Unit(setting.name, lambda setting=setting: _train(setting, chosen))
            for setting in chosen.settings()
        ),
        *(
            Unit(diffusion_unit(energy), lambda energy=energy: _diffuse(energy, chosen))
            for energy in chosen.energies
        ),
    ]


def _curves(results: StudyResults) -> Sequence[Curve]:
    units = [setting.name for setting in plan(results.budget).settings()]
    return [
        Curve(unit, "free_energy", "free energy", steps=results.record(unit).values["steps"])
        for unit in filter(results.done, units)
    ]


def _train(setting: InfinitesimalSetting, chosen: InfinitesimalPlan) -> Record:
    from fluvial.studies.infinitesimal.training import trained_bounds

    bounds = trained_bounds(
        setting,
        seeds=chosen.seeds_of(setting),
        steps=chosen.steps,
        draws=chosen.draws,
        measuring_draws=chosen.measuring_draws,
    )
    steps = bounds.free_energies.shape[1]
    blocks = np.array_split(bounds.free_energies, min(_TRACE_POINTS, steps), axis=1)
    values = {
        **setting._asdict(),
        "gap": bounds.gap,
        "gap_se": bounds.gap_se,
        "nonfinite": bounds.nonfinite,
        "nonfinite_training": bounds.nonfinite_training,
        "steps": steps,
        "draws": chosen.draws,
    }
    arrays = {
        "free_energy": np.stack([block.mean(axis=1) for block in blocks], axis=1),
        **bounds.learned,
    }
    return Record(values, arrays)


def _diffuse(energy: str, chosen: InfinitesimalPlan) -> Record:
    from fluvial.studies.infinitesimal.diffusion import STEP_SIZE, divergences

    runs = [
        divergences(
            energy,
            chosen.checkpoints,
            particles=chosen.particles,
            points=chosen.measuring_particles,
            seed=seed,
        )
        for seed in range(chosen.repeats)
    ]
    values = {
        "energy": energy,
        "step_size": STEP_SIZE,
        "checkpoints": chosen.checkpoints,
        "kl": np.stack([run.kl for run in runs]),
        "kl_se": np.stack([run.kl_se for run in runs]),
        "particles": chosen.particles,
    }
    return Record(values)


STUDY = Study(
    name="infinitesimal",
    title="Infinitesimal flows (Rezende & Mohamed 2015, section 3.2)",
    version=2,
    seeds={budget: plan(budget).seeds for budget in Budget},
    units=_units,
    claims=measured_claims,
    figures=drawn_figures,
    curves=_curves,
    story=Story(
        "Flows of infinitely many infinitesimal steps, of Langevin or Hamiltonian dynamics, arrive "
        "at any posterior. The paper says so without an experiment; here are some.",
        ("u1-diffusion-arrives", "u1-langevin-rises", "funnel-control-tightens"),
        "bounds.png",
    ),
)
"""Langevin, Hamiltonian and continuous-time flows, as the paper describes and does not try.

Learned flows of a few steps, without and with a drift of their own, and of a differential equation,
whose bounds are compared with ln Z on the energies U1 to U4 (cut off smoothly at |z1| = 4, see
`fluvial.targets.examples.energies`) and on Neal's funnel in 10 dimensions; and Langevin dynamics of
many small steps in which nothing is learned.
"""
