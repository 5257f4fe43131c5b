"""Looks far out, so many that they see nearly all modes of half the width; see cones.py.

They are made of densities of which each is a call of the host's: others are looked at before the
fit.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincinv

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.annealed import shell_points
from fluvial.inference.mode_search.cones import (
    LookKind,
    shares_seen,
    some_rows,
)
from fluvial.inference.settings import DEFAULT, SearchSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["FarLooks", "counts_far", "look_far", "looks_before"]

_DISTANCES = 24  # arithmetic: of modes, each of which has to be seen
_SCALINGS = 30  # arithmetic: of the numbers of looks, until these settle
_RADII = 32  # arithmetic: by which those of a Gaussian's draws are averaged over


class FarLooks(NamedTuple):
    """Of looks far out those that most contradict an approximation.

    Attributes:
        points: where the density exceeds it by far, of the highest or with the largest excess.
        log_p: the log density at each.
        kinds: of all looks that were made.
    """

    points: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]
    kinds: tuple[LookKind, ...]


def looks_before(counted: CountedTarget, settings: Settings = DEFAULT) -> bool:
    """Say whether looks are made before the fit: not in few coordinates, nor if each is a call."""
    explore = settings.explore
    return not counted.target.on_host and explore.well_seen < counted.dim <= explore.max_dim


def counts_far(counted: CountedTarget, settings: Settings = DEFAULT) -> list[int]:
    """Return how many more looks are made far out, where none before the fit have been.

    Args:
        counted: the target.
        settings: the thresholds.

    Returns:
        A number for each of ``far_distances``.
    """
    search, dim = settings.search, counted.dim
    seen, most = settings.explore.well_seen, search.sideways_dims[1]
    if not counted.target.on_host or not seen < dim <= most:
        return [0 for _ in search.far_distances]
    return list(_numbers_needed(dim, search))


@cache
def _numbers_needed(dim: int, search: SearchSettings) -> tuple[int, ...]:
    """The looks at each distance that see nearly all modes, which only the dimension decides."""
    radii = _radii(search)
    distances = np.geomspace(search.far_nearest, max(search.far_distances), _DISTANCES)
    shares = shares_seen(radii, -0.5 * radii**2, distances, dim, search)
    lacking = -np.log(search.narrow_missed) - _seen_around(distances, dim, search)
    numbers = _fewest(shares, np.maximum(lacking, 0.0))
    return tuple(int(number) for number in np.clip(np.ceil(numbers), *search.far_looks))


def _radii(search: SearchSettings) -> Float[np.ndarray, " R"]:
    """From where modes at each of some distances are seen best: where a cone's rim touches one."""
    return np.array(search.far_distances) / np.sqrt(1.0 - search.far_width**2)


def _fewest(
    shares: Float[np.ndarray, "d R"], needed: Float[np.ndarray, " d"]
) -> Float[np.ndarray, " R"]:
    """The fewest looks at each radius of which as many as are needed see each mode.

    Each radius is the best one for some modes; its number is scaled to what these need, in turn.
    """
    best, numbers = np.argmax(shares, axis=1), np.ones(shares.shape[1])
    for _ in range(_SCALINGS):
        for radius in range(len(numbers)):
            own = best == radius
            seen = shares[own] @ numbers
            numbers[radius] *= np.max(needed[own] / seen, initial=0.0)
            numbers[radius] = max(numbers[radius], 1e-9)
    return numbers


def _seen_around(
    distances: Float[np.ndarray, " d"], dim: int, search: SearchSettings
) -> Float[np.ndarray, " d"]:
    """How many of the looks around an approximation see a mode, by expectation."""
    ranks = (np.arange(_RADII) + 0.5) / _RADII
    radii = np.outer(search.look_spreads, np.sqrt(2.0 * gammaincinv(0.5 * dim, ranks))).ravel()
    shares = shares_seen(radii, -0.5 * radii**2, distances, dim, search)
    return search.looks * shares.mean(axis=1)


def look_far(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    overall: Gaussian,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> FarLooks:
    """Look far out, evenly in all directions, and keep the points that most contradict q.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        overall: the Gaussian of q's mean and covariance.
        rng: decides where to look.
        settings: the thresholds.
    """
    search, kinds = settings.search, []
    points, log_p, excess = np.empty((0, q.dim)), np.empty(0), np.empty(0)
    spreads = _radii(search) / np.sqrt(q.dim)
    for number, spread in zip(counts_far(counted, settings), spreads, strict=True):
        for done in range(0, number, search.sideways_chunk):
            chunk = min(search.sideways_chunk, number - done)
            x = shell_points(overall, [chunk], [spread], rng)
            values = counted.values(x)
            points, log_p = np.concatenate([points, x]), np.concatenate([log_p, values])
            excess = np.concatenate([excess, _excess(q, x, values - log_evidence, search)])
            outside = np.flatnonzero(np.isfinite(log_p) & (excess > search.excess))
            best = [outside[np.argsort(-height[outside])] for height in (log_p, excess)]
            kept = np.unique([rows[: search.far_kept] for rows in best])
            points, log_p, excess = points[kept], log_p[kept], excess[kept]
            if not done:
                some = x[some_rows(chunk, search)]
                kinds.append(LookKind(some, q.log_prob(some), number))
    return FarLooks(points, log_p, tuple(kinds))


def _excess(
    q: Mixture, x: Float[np.ndarray, "N D"], log_p: Float[np.ndarray, " N"], search: SearchSettings
) -> Float[np.ndarray, " N"]:
    """By how much p exceeds Z q where that is more than ``search.excess``; elsewhere no less.

    A mixture is no lower than the widest of its parts, which tells of most looks far out.
    """
    if q.has_flows or len(q.components) == 1:
        return log_p - q.log_prob(x)
    widest = int(np.argmax([component.gaussian.log_det for component in q.components]))
    excess = log_p - np.log(q.weights[widest]) - q.components[widest].log_prob(x)
    rows = np.flatnonzero(excess > search.excess)
    excess[rows] = log_p[rows] - q.log_prob(x[rows])
    return excess
