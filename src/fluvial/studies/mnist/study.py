"""The study of MNIST: which unit does what."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, final

from fluvial.reproduction import Budget, Figure, JudgedClaim, Ledger
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.latent import Compared, measure
from fluvial.studies.latent.figures import against_length, learning_curves, pictures
from fluvial.studies.latent.setting import unit_name
from fluvial.studies.mnist.claims import judged_claims
from fluvial.studies.mnist.plans import FAMILIES, PLANS, PUBLISHED

__all__ = ["Mnist"]


@final
class Mnist(Study):
    """Posteriors of a deep latent Gaussian model: diagonal, planar, NICE, and two beyond.

    The smoke and quick budgets train on scikit-learn's digits. Images are binarized afresh at
    each step for training, and once, with fixed seeds, for validation and test.
    """

    name: ClassVar[str] = "mnist"
    title: ClassVar[str] = "Deep latent Gaussian models on MNIST (Rezende & Mohamed 2015, Table 2)"
    version: ClassVar[int] = 1

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
        """Judge the paper's claims, and one beyond them."""
        return judged_claims(Compared(ledger, PLANS[ledger.budget].settings))

    def figures(self, ledger: Ledger, directory: Path) -> Sequence[Figure]:
        """Draw Figure 4, the learning curves, and what the longest planar flow learned."""
        compared = Compared(ledger, PLANS[ledger.budget].settings)
        published = PUBLISHED if ledger.budget is Budget.FULL else {}
        return [
            against_length(compared, FAMILIES, published, directory),
            learning_curves(compared, directory),
            pictures(compared, compared.family("planar")[-1], directory),
        ]
