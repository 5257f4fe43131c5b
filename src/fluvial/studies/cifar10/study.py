"""The study of CIFAR-10: which unit does what, and what is claimed."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, final

from fluvial.amortized import Recipe
from fluvial.datasets import Dataset, load_cifar10, load_photo_patches, random_patches
from fluvial.reproduction import Budget, Claim, Figure, JudgedClaim, Ledger, Rule
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.latent import Compared, Plan, Setting, measure
from fluvial.studies.latent.comparing import PARTS
from fluvial.studies.latent.figures import against_length, learning_curves, pictures
from fluvial.studies.latent.setting import DIAGONAL, unit_name

__all__ = ["PLANS", "Cifar10"]

_PAPER = "Rezende & Mohamed 2015, section 6.3, Table 3"
_PUBLISHED = {0: -293.7, 2: -308.6, 5: -317.9, 10: -320.7}
"""−ln p(x) in nats, as it is remembered: the paper's text was not at hand."""

_COUNTS = (200_000, 5_000, 10_000)  # patches to train on, to choose by, to report


def _patches() -> Dataset:
    """Random 8x8 patches of the photographs of each part."""
    return load_cifar10().map(lambda images, part: random_patches(images, _COUNTS[part], part))


def _settings(*lengths: int) -> tuple[Setting, ...]:
    return (DIAGONAL, *(Setting("planar", length) for length in lengths))


PLANS = {
    Budget.SMOKE: Plan(
        load=load_photo_patches,
        latent=4,
        hidden=16,
        settings=_settings(2, 5),
        recipe=lambda setting: Recipe(epochs=1, warmup=10, annealing_epochs=0.2),
        seeds=1,
        samples=20,
    ),
    Budget.QUICK: Plan(
        load=load_photo_patches,
        latent=10,
        hidden=64,
        settings=_settings(2, 5, 10),
        recipe=lambda setting: Recipe(epochs=20, rate=1e-3, annealing_epochs=1),
        seeds=3,
    ),
    Budget.FULL: Plan(
        load=_patches,
        latent=30,
        hidden=400,
        settings=_settings(2, 5, 10),
        # A third of this step size leaves all four far from converged, 6e-3 is too much for K = 0.
        recipe=lambda setting: Recipe(
            epochs=15, batch=200, rate=3e-3, annealing_epochs=1, precision="bfloat16"
        ),
        seeds=1,
    ),
}


@final
class Cifar10(Study):
    """Posteriors with planar flows of 0, 2, 5 and 10 layers for 8x8 patches in color.

    The smoke and quick budgets take their patches from scikit-learn's two photographs.
    """

    name: ClassVar[str] = "cifar10"
    title: ClassVar[str] = (
        "Deep latent Gaussian models on CIFAR-10 (Rezende & Mohamed 2015, Table 3)"
    )
    version: ClassVar[int] = 2

    def seeds(self, budget: Budget) -> Sequence[int]:
        """List the seeds that the budget runs."""
        return range(PLANS[budget].seeds)

    def units(self, budget: Budget) -> Sequence[Unit]:
        """List one unit for each posterior and seed."""
        plan = PLANS[budget]
        folder = f"{self.name}-{self.version}-{budget}"
        return [
            Unit(unit_name(setting, seed), partial(measure, folder, plan, setting, seed))
            for setting, seed in plan.runs()
        ]

    def claims(self, ledger: Ledger) -> Sequence[JudgedClaim]:
        """Judge the ordering, and the size of the gain."""
        compared = Compared(ledger, PLANS[ledger.budget].settings)
        each = PARTS if ledger.budget is Budget.FULL else "seeds"
        lengths = [DIAGONAL, *compared.family("planar")]
        gain = _PUBLISHED[0] - _PUBLISHED[10]
        ordering = Claim(
            name="longer-is-better",
            statement="The longer the flow, the lower −ln p(x).",
            source=_PAPER,
            published="−293.7, −308.6, −317.9 and −320.7 for K = 0, 2, 5, 10, from memory",
            quantity="the least decrease of −ln p(x) from one length to the next",
            rule=Rule(low=0.0),
            unit="nat",
            each=each,
        )
        size = Claim(
            name="size-of-the-gain",
            statement="Ten layers gain 27 nats over none.",
            source=_PAPER,
            published=f"{gain:.1f}, from memory",
            quantity="−ln p(x) without a flow less that with the longest; within a factor of two",
            rule=Rule(low=gain / 2, high=2 * gain),
            unit="nat",
            each=each,
        )
        steps = compared.least_gain(list(pairwise(lengths)))
        whole = compared.least_gain([(lengths[0], lengths[-1])])
        return [
            ordering.judge(list(steps), ledger.budget),
            size.judge(list(whole), ledger.budget),
        ]

    def figures(self, ledger: Ledger, directory: Path) -> Sequence[Figure]:
        """Draw bound and likelihood against length, learning curves, and pictures."""
        compared = Compared(ledger, PLANS[ledger.budget].settings)
        published = {"planar": _PUBLISHED} if ledger.budget is Budget.FULL else {}
        return [
            against_length(compared, ("planar",), published, directory),
            learning_curves(compared, directory),
            pictures(compared, compared.family("planar")[-1], directory),
        ]
