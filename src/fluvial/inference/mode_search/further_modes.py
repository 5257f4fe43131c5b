"""Where modes like those that are known may be, for laws of starts and for planted ones."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Mode
from fluvial.inference.climbs.start_law import StartLaw, start_law
from fluvial.inference.mode_search.planting import Planted, plant
from fluvial.inference.settings import Settings

__all__ = ["law_around", "planted_like"]


def planted_like(
    modes: list[Mode],
    law: StartLaw,
    rng: np.random.Generator,
    settings: Settings,
    *,
    looks: bool = False,
    predicted: int = 0,
) -> Planted:
    """Plant modes like those of a census.

    Args:
        modes: those that are known.
        law: of starts, or of looks.
        rng: decides where they are planted.
        settings: the thresholds.
        looks: whether a mode is found by a look at it, and not by a climb from its basin.
        predicted: see ``plant``.
    """
    gaussians, masses = [mode.gaussian for mode in modes], np.array([m.log_mass for m in modes])
    excess = settings.search.excess if looks else 0.0
    return plant(gaussians, masses, law, rng, settings, excess=excess, predicted=predicted)


def law_around(
    starts: Float[np.ndarray, "N D"],
    modes: list[Mode],
    settings: Settings,
    factors: Sequence[float] | None = None,
) -> StartLaw:
    """Return the law of starts around those so far and the modes that are known.

    Args:
        starts: shape (N, D).
        modes: those that are known, or none.
        settings: the thresholds.
        factors: how much wider or narrower its parts are; by default those of climbs.
    """
    heads = [np.stack([mode.head.x for mode in modes])] if modes else []
    return start_law([starts, *heads], settings.explore, factors)
