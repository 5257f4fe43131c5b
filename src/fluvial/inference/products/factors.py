r"""Which coordinates a density couples, and the modes of each factor where it is a product.

Two coordinates belong to one factor if the score of one changes with the other, between any of
some points, and so do all that this connects. Each factor has modes of its own, in few coordinates,
where climbs are enough: n of them that show w modes leave w (w + 1) / (n - w - 2) others to be
expected (see census.py). All combinations of these modes are modes of the whole, most of which no
climb has ended in.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fluvial.inference.climbs.census import expected_unseen
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.climbs.start_law import start_law
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.connected import connected
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.products.basis import Basis
from fluvial.inference.settings import DEFAULT, ProductSettings, Settings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Combined", "combine", "count_modes", "factors", "heads_of"]


class Combined(NamedTuple):
    """All modes of a product, and a sentence on how they were found."""

    ends: list[Optimum]
    sentence: str


def heads_of(ends: Sequence[Optimum]) -> Float[np.ndarray, "M D"]:
    """Where climbs converged, the highest first."""
    tops = sorted((end for end in ends if end.converged), key=lambda end: -end.log_p)
    return np.stack([top.x for top in tops]) if tops else np.empty((0, 0))


def factors(
    counted: CountedTarget | Basis,
    starts: Float[np.ndarray, "N D"],
    heads: Float[np.ndarray, "M D"],
    settings: ProductSettings = DEFAULT.product,
) -> Int[np.ndarray, " D"]:
    """Number for each coordinate the factor that it belongs to, from 0.

    Args:
        counted: the target, asked for D + 1 gradients a pair of points.
        starts: points far apart.
        heads: points of high density, the highest first.
        settings: the thresholds.
    """
    linked = np.zeros((counted.dim, counted.dim), bool)
    points = np.concatenate([heads[: settings.pairs], starts[-settings.pairs :]])
    for x, y in zip(points, np.roll(points, 1, axis=0), strict=True):
        linked |= _linked(counted, x, y, settings.rounding)
        if linked.all():
            break
    return connected(linked)


@np.errstate(over="ignore", invalid="ignore")
def _linked(
    counted: CountedTarget | Basis,
    x: Float[np.ndarray, " D"],
    y: Float[np.ndarray, " D"],
    rounding: float,
) -> Bool[np.ndarray, "D D"]:
    """Whether the score of j changes where x_i becomes y_i."""
    moved = np.where(np.eye(len(x), dtype=bool), y, x)
    scores = counted.value_and_grad(np.concatenate([x[None], moved]))[1]
    change = np.abs(scores[1:] - scores[0])
    return ~(change <= rounding * (1.0 + np.abs(scores[0]) + np.abs(scores[1:])))


def count_modes(
    counted: CountedTarget,
    labels: Int[np.ndarray, " D"],
    heads: Float[np.ndarray, "M D"],
    settings: Settings = DEFAULT,
) -> int:
    """Return how many combinations there are of the modes of all factors.

    Args:
        counted: the target.
        labels: for each coordinate the factor that it belongs to.
        heads: where climbs ended, the highest first.
        settings: the thresholds.
    """
    return prod(len(own) for own in _modes(counted, labels, heads, settings))


def combine(
    counted: CountedTarget,
    labels: Int[np.ndarray, " D"],
    starts: Float[np.ndarray, "N D"],
    ends: Sequence[Optimum],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Combined | None:
    """Climb until no other mode of any factor is to be expected, then from all combinations.

    Args:
        counted: the target.
        labels: for each coordinate the factor that it belongs to.
        starts: that span the region where modes are looked for.
        ends: of climbs.
        rng: decides where climbs start.
        settings: the thresholds.

    Returns:
        The modes, or None where these are too many, or have too many coordinates for climbs.
    """
    explore, every, climbs = settings.explore, list(ends), len(starts)
    for _ in range(settings.product.rounds):
        heads = heads_of(_high(every, settings))
        found = _modes(counted, labels, heads, settings)
        several = [len(own) for own in found if len(own) > 1]
        wide = any(len(own) > 1 and own.shape[1] > explore.well_seen for own in found)
        if wide or not several or prod(several) > settings.match.max_modes:
            return None
        if sum(expected_unseen(climbs, modes) for modes in several) <= explore.missed:
            return Combined(
                climb_from(counted, _combinations(labels, found), settings),
                f"{climbs:,} climbs and combinations of what they ended in found all modes of a "
                f"product of {len(found)} factors, by estimate.",
            )
        needed = sum(modes * (modes + 1) for modes in several) / explore.missed
        more = int(needed) + max(several) + 3 - climbs
        if not 0 < more <= explore.most_climbs:
            return None
        points = start_law([starts, heads], explore).sample(more, rng)
        every, climbs = [*every, *climb_from(counted, points, settings)], climbs + more
    return None


def _high(ends: Sequence[Optimum], settings: Settings) -> list[Optimum]:
    highest = max((end.log_p for end in ends if end.converged), default=0.0)
    return [end for end in ends if end.log_p > highest - settings.match.no_mass]


def _modes(
    counted: CountedTarget,
    labels: Int[np.ndarray, " D"],
    heads: Float[np.ndarray, "M D"],
    settings: Settings,
) -> list[Float[np.ndarray, "_ _"]]:
    """For each factor its modes, as far as climbs have ended in them."""
    return [
        _modes_of(counted, labels == factor, heads, settings) for factor in range(labels.max() + 1)
    ]


def _modes_of(
    counted: CountedTarget,
    own: Bool[np.ndarray, " D"],
    heads: Float[np.ndarray, "M D"],
    settings: Settings,
) -> Float[np.ndarray, "W d"]:
    """The modes of one factor, while the others stay where the density is highest."""
    same, left, apart = settings.climb.same, heads[:, own], []
    while len(left) and len(apart) < settings.product.optima:
        apart.append(left[0])
        left = left[~np.isclose(left, left[0], rtol=same, atol=same).all(axis=1)]
    if len(apart) == 1:
        return np.stack(apart)
    points = np.tile(heads[0], (len(apart), 1))
    points[:, own] = apart
    log_p = counted.values(points)
    optima = [
        Optimum(x, float(value), partial(Gaussian, x, np.eye(len(x))), converged=True)
        for x, value in zip(points, log_p, strict=True)
        if value > np.max(log_p) - settings.match.no_mass
    ]
    return np.stack([mode.x[own] for mode in distinct(counted, optima, settings)])


def _combinations(
    labels: Int[np.ndarray, " D"], found: Sequence[Float[np.ndarray, "_ _"]]
) -> Float[np.ndarray, "M D"]:
    points = []
    for chosen in product(*found):
        x = np.empty(len(labels))
        for factor, own in enumerate(chosen):
            x[labels == factor] = own
        points.append(x)
    return np.stack(points)
