"""How pixels are prepared, and what is trained on them at which budget."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from fluvial.amortized import LogitNormal, Recipe
from fluvial.amortized.real_likelihoods import SCALES
from fluvial.datasets import (
    Dataset,
    dequantize,
    load_cifar10,
    load_photo_patches,
    random_patches,
)
from fluvial.reproduction import Budget

__all__ = ["GRID", "PLANS", "USUAL", "PixelsPlan", "Preparation"]

_FIRST_SEED = 10  # the noise of each part is that of no other's patches


class Preparation(NamedTuple):
    """How pixels reach the model, and what the scale of their logits depends on.

    Attributes:
        scale: as in ``LogitNormal``.
        dequantized: whether uniform noise is added to the levels.
        margin: ε, to which pixels are squeezed off 0 and 1.
    """

    scale: str
    dequantized: bool = False
    margin: float = 1e-4

    @property
    def name(self) -> str:
        """As in the names of units: "free-raw", "free-raw-512"."""
        margin = "" if self.margin == 1e-4 else f"-{round(1 / self.margin)}"
        return f"{self.scale}-{'dequantized' if self.dequantized else 'raw'}{margin}"

    @property
    def told(self) -> str:
        """In words."""
        scale = {"free": "that depends on z", "pixel": "of its own", "one": "1"}[self.scale]
        levels = "dequantized levels" if self.dequantized else "raw levels"
        return f"{levels}, ε = {self.margin:.2g}, and a scale {scale} for each pixel"

    def likelihood(self, dim: int) -> LogitNormal:
        """The likelihood of D pixels."""
        given = dim if self.scale == "pixel" else None
        return LogitNormal(self.scale, dim=given, margin=self.margin)

    def prepared(self, data: Dataset) -> Dataset:
        """The data as they are learned."""
        if not self.dequantized:
            return data
        return data.map(lambda pixels, part: dequantize(pixels, _FIRST_SEED + part))


USUAL = Preparation("free")
"""As the study cifar10 has it."""

GRID = tuple(
    Preparation(scale, dequantized, margin)
    for scale in SCALES
    for dequantized in (False, True)
    for margin in (1e-4, 1 / 512)
)
"""All of them."""


class PixelsPlan(NamedTuple):
    """The work of a budget.

    Attributes:
        load: gives the patches, as levels.
        preparations: those that are trained.
        layers: of planar flows; 0 for none comes first.
        latent: latent coordinates.
        hidden: units in a hidden layer.
        recipe: how each is trained.
        seeds: how often each is trained.
        samples: for ln p(x).
        more_samples: for ln p(x) of the first images again.
        few: how many these are.
    """

    load: Callable[[], Dataset]
    preparations: tuple[Preparation, ...]
    layers: tuple[int, ...]
    latent: int
    hidden: int
    recipe: Recipe
    seeds: int
    samples: int = 200
    more_samples: int = 2_000
    few: int = 50

    def runs(self) -> Iterator[tuple[Preparation, int, int]]:
        """All preparations, lengths and seeds; those that share a program follow one another."""
        for preparation in self.preparations:
            for layers in self.layers:
                for seed in range(self.seeds):
                    yield preparation, layers, seed


@cache
def _patches(train: int, validation: int, test: int) -> Dataset:
    """Random 8x8 patches of CIFAR-10, read once for all units of a process."""
    counts = (train, validation, test)
    return load_cifar10().map(lambda images, part: random_patches(images, counts[part], part))


PLANS = {
    Budget.SMOKE: PixelsPlan(
        load=load_photo_patches,
        preparations=(USUAL, Preparation("pixel", dequantized=True)),
        layers=(0, 2),
        latent=4,
        hidden=16,
        recipe=Recipe(epochs=0.5, warmup=10, annealing_epochs=0.1),
        seeds=1,
        samples=20,
        more_samples=50,
        few=50,
    ),
    # Models of 1,000 steps, far from converged.
    Budget.QUICK: PixelsPlan(
        load=partial(_patches, 20_000, 2_000, 500),
        preparations=GRID,
        layers=(0, 10),
        latent=30,
        hidden=100,
        recipe=Recipe(epochs=10, batch=200, rate=3e-3, warmup=200, annealing_epochs=1),
        seeds=3,
    ),
    # As the study cifar10 trains.
    Budget.FULL: PixelsPlan(
        load=partial(_patches, 200_000, 5_000, 10_000),
        preparations=GRID,
        layers=(0, 10),
        latent=30,
        hidden=400,
        recipe=Recipe(epochs=15, batch=200, rate=3e-3, annealing_epochs=1, precision="bfloat16"),
        seeds=3,
        few=200,
    ),
}
