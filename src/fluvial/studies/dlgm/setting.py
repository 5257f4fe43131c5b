"""What is trained in a study of deep latent Gaussian models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fluvial.amortized import Recipe
from fluvial.datasets import Dataset

__all__ = ["DIAGONAL", "PosteriorSetting", "TrainingPlan", "unit_name"]


class PosteriorSetting(NamedTuple):
    """One posterior, and the prior that it is trained with.

    Attributes:
        family: of the flow, as in ``fluvial.flows.families``; "diagonal" for none at all.
        layers: K; 0 for none.
        options: of the family, such as ",columns=8".
        prior: the text that makes the prior's flow; "" for N(0, I).
    """

    family: str
    layers: int
    options: str = ""
    prior: str = ""

    @property
    def kind(self) -> str:
        """What the family is, and the prior: what lengths are compared within."""
        return f"{self.family}-prior-{self.prior.replace(':', '-')}" if self.prior else self.family

    @property
    def name(self) -> str:
        """As in the names of units: "planar-10", "diagonal-prior-realnvp-8"."""
        return f"{self.kind}-{self.layers}" if self.layers else self.kind

    @property
    def flow(self) -> str | None:
        """The text that makes the flow."""
        return f"{self.family}:{self.layers}{self.options}" if self.layers else None


DIAGONAL = PosteriorSetting("diagonal", 0)


@dataclass(frozen=True)
class TrainingPlan:
    """What a budget trains.

    Attributes:
        load: gives the data.
        latent: latent coordinates.
        hidden: units in a hidden layer.
        settings: the posteriors.
        recipe: how each is trained.
        seeds: how often each is trained.
        samples: for ln p(x).
    """

    load: Callable[[], Dataset]
    latent: int
    hidden: int
    settings: Sequence[PosteriorSetting]
    recipe: Callable[[PosteriorSetting], Recipe]
    seeds: int
    samples: int = 200

    def runs(self) -> Iterator[tuple[PosteriorSetting, int]]:
        """All settings with all seeds."""
        for seed in range(self.seeds):
            for setting in self.settings:
                yield setting, seed


def unit_name(setting: PosteriorSetting, seed: int) -> str:
    """The name of the unit of work that trains a setting with a seed."""
    return f"{setting.name}-seed-{seed}"
