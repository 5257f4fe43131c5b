"""What each budget trains in the study of MNIST."""

from fluvial.amortized import Recipe
from fluvial.datasets import load_digits, load_mnist
from fluvial.reproduction import Budget
from fluvial.studies.dlgm.setting import DIAGONAL, PosteriorSetting, TrainingPlan

__all__ = ["BEYOND", "FAMILIES", "PLANS", "PRIOR", "PUBLISHED", "WHY_NICE"]

FAMILIES = ("planar", "nice-perm")

PUBLISHED = {
    "planar": {0: 89.9, 10: 87.5, 20: 86.5, 40: 85.7, 80: 85.1},
    "nice-perm": {10: 88.6, 20: 87.9, 40: 87.3, 80: 87.2},
}
"""−ln p(x) in nats: Rezende & Mohamed (2015), Table 2 and Figure 4(c)."""

BEYOND = (PosteriorSetting("sylvester", 4), PosteriorSetting("iaf", 4))
"""The families that Grathwohl et al. (2019, Table 3) compare with planar flows."""

PRIOR = PosteriorSetting("diagonal", 0, prior="realnvp:8")
"""A flow as prior, and none in the posterior: Xu et al. (2019)."""

WHY_NICE = {
    "without-amortization": ((("amortize", "none"),), "where one flow serves all images"),
    "at-a-third-of-the-rate": ((("rate", 1e-3),), "at a third of the step size"),
}
"""What may decide between planar flows and NICE: changes of the recipe, and in words."""


def _settings(*lengths: int) -> tuple[PosteriorSetting, ...]:
    flows = [PosteriorSetting(family, length) for length in lengths for family in FAMILIES]
    changed = [
        PosteriorSetting(family, lengths[0], changes=changes)
        for changes, _ in WHY_NICE.values()
        for family in FAMILIES
    ]
    return (DIAGONAL, PRIOR, *changed, *BEYOND, *flows)  # the longest last: see run_units


# The same for all, so that what differs is the posterior: 15,000 steps, on one core of a processor
# with AMX from 4 minutes (no flow) to half an hour (80 layers of NICE).
_FULL = Recipe(epochs=60, batch=200, precision="bfloat16")

PLANS = {
    Budget.SMOKE: TrainingPlan(
        load=load_digits,
        latent=4,
        hidden=16,
        settings=_settings(2, 4),
        usual=Recipe(epochs=4, warmup=10, annealing_epochs=1),
        seeds=1,
        samples=20,
    ),
    Budget.QUICK: TrainingPlan(
        load=load_digits,
        latent=10,
        hidden=64,
        settings=_settings(4, 16),
        usual=Recipe(epochs=150, warmup=100, annealing_epochs=20),
        seeds=3,
    ),
    Budget.FULL: TrainingPlan(
        load=load_mnist,
        latent=40,
        hidden=400,
        settings=_settings(10, 20, 40, 80),
        usual=_FULL,
        seeds=3,
    ),
}
