"""The study: which unit does what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from fluvial.reproduction import Budget, Figure, JudgedClaim, Ledger, Record
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.energies.plan import FAMILIES, Plan, Setting, plan

__all__ = ["Energies"]

_TRACE_POINTS = 100


@final
class Energies(Study):
    """Flows of 2, 8 and 32 layers on the energies U1 to U4, as in the paper's Figure 3.

    U2, U3 and U4 are not normalizable on the plane: they are cut off smoothly at |z1| = 4, where
    the paper's pictures end (see `fluvial.targets.examples.energies`). ln Z is then known to
    better than 1e-6, and what is reported is KL(q || p) = ln Z - ELBO.
    """

    name = "energies"
    title = "Two-dimensional energies (Rezende & Mohamed 2015, section 6.1, Figure 3)"
    version = 1

    def seeds(self, budget: Budget) -> Sequence[int]:
        """List the seeds that the budget runs."""
        return range(plan(budget).seeds)

    def units(self, budget: Budget) -> Sequence[Unit]:
        """List one unit for each family, length, energy, annealed or not: all seeds of it."""
        chosen = plan(budget)
        return [
            Unit(setting.name, lambda setting=setting: _run(setting, chosen))
            for setting in chosen.settings()
        ]

    def claims(self, ledger: Ledger) -> Sequence[JudgedClaim]:
        """Judge the claims of Figure 3, and one beyond it."""
        from fluvial.studies.energies.claims import judged_claims

        return judged_claims(ledger)

    def figures(self, ledger: Ledger, directory: Path) -> Sequence[Figure]:
        """Draw the paper's grids of densities, the curves of Figure 3(d), and layer after layer."""
        from fluvial.studies.energies.figures import drawn_figures

        return drawn_figures(ledger, directory)


def _run(setting: Setting, chosen: Plan) -> Record:
    from fluvial.studies.energies import measuring, training

    rates = training.step_sizes(FAMILIES[setting.family].rate, chosen.steps)
    ramp = chosen.ramp if setting.annealed else None
    temperatures = training.inverse_temperatures(chosen.steps, ramp)
    flows = training.build_seeds(setting.spec, chosen.seeds)
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


def _arrays(setting: Setting, chosen: Plan, trained: Any, shown: int) -> dict[str, np.ndarray]:
    """Return the path of the free energy, and pictures of the seed with the median KL."""
    from fluvial.studies.energies import measuring

    flow = measuring.one_seed(trained.flows, shown)
    pictured = {"density": measuring.densities(flow, chosen.grid)}
    if setting.family == "planar" and setting.length == 32 and setting.annealed:
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
