"""What is trained in a study of deep latent Gaussian models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fluvial.amortized import Recipe
from fluvial.datasets import Dataset
from fluvial.flows.families import FAMILIES

__all__ = ["DIAGONAL", "PosteriorSetting", "TrainingPlan", "unit_name"]


class PosteriorSetting(NamedTuple):
    """One posterior, and the prior that it is trained with.

    Attributes:
        family: of the flow, as in ``fluvial.flows.families``; "diagonal" for none at all.
        layers: K; 0 for none.
        options: of the family, such as ",columns=8".
        prior: the text that makes the prior's flow; "" for N(0, I).
        changes: fields of the budget's recipe, such as ``(("rate", 1e-3),)``, that this posterior
            is trained with in place of what the others are.
    """

    family: str
    layers: int
    options: str = ""
    prior: str = ""
    changes: tuple[tuple[str, str | float], ...] = ()

    @property
    def kind(self) -> str:
        """The family, the prior and the changes: what lengths are compared within."""
        prior = f"-prior-{self.prior.replace(':', '-')}" if self.prior else ""
        changes = "".join(f"-{field}-{value}" for field, value in self.changes)
        return f"{self.family}{prior}{changes}"

    @property
    def name(self) -> str:
        """As in the names of units: "planar-10", "diagonal-prior-realnvp-8"."""
        return f"{self.kind}-{self.layers}" if self.layers else self.kind

    @property
    def flow(self) -> str | None:
        """The text that makes the flow."""
        if not self.layers:
            return None
        # Of a family that is one layer no number is written.
        length = "" if FAMILIES[self.family].layers is None else f":{self.layers}"
        return f"{self.family}{length}{self.options}"


DIAGONAL = PosteriorSetting("diagonal", 0)


@dataclass(frozen=True)
class TrainingPlan:
    """What a budget trains.

    Attributes:
        load: gives the data.
        latent: latent coordinates.
        hidden: units in a hidden layer.
        settings: the posteriors.
        usual: how all are trained, but for their own changes.
        seeds: how often each is trained.
        samples: for ln p(x).
        more_samples: for ln p(x) of the first test images again; 0 for no second estimate.
        few: how many these are.
    """

    load: Callable[[], Dataset]
    latent: int
    hidden: int
    settings: Sequence[PosteriorSetting]
    usual: Recipe
    seeds: int
    samples: int = 200
    more_samples: int = 0
    few: int = 200

    def recipe(self, setting: PosteriorSetting) -> Recipe:
        """How a setting is trained."""
        changes: dict[str, Any] = dict(setting.changes)
        return replace(self.usual, **changes)

    def runs(self) -> Iterator[tuple[PosteriorSetting, int]]:
        """All settings with all seeds; those that share a program follow one another."""
        for setting in self.settings:
            for seed in range(self.seeds):
                yield setting, seed


def unit_name(setting: PosteriorSetting, seed: int) -> str:
    """The name of the unit of work that trains a setting with a seed."""
    return f"{setting.name}-seed-{seed}"
