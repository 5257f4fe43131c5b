r"""Points outside of an approximation: looked at, climbed to, annealed, or met before.

Importance weights of q's own draws cannot reveal a mode that q never visits. So points are sent
out from far outside q: many are just looked at, some climb to the nearest optimum, some are
annealed from a high temperature to the target's, and some leave q by a few coordinates, by the
difference of two modes, or by what may be a symmetry (see coordinate_moves.py, leaps.py and
symmetries.py). To them come the best of the points that were ever evaluated (see evaluated.py), by
whatever stage: none of them may contradict the verdict. Nothing finds a mode that no start,
temperature or chain visits.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.climbs.leaps import leaps
from fluvial.inference.climbs.slopes import climb_off_slopes
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.evaluated import density_peaks
from fluvial.inference.mode_search.annealed import annealed_chains, far_points
from fluvial.inference.mode_search.cones import LookKind, farthest_seen, kind_of, sentence_of
from fluvial.inference.mode_search.coordinate_moves import count_sideways, sideways
from fluvial.inference.mode_search.far_looks import look_far, looks_before
from fluvial.inference.mode_search.symmetries import Mirrored, mirrored
from fluvial.inference.settings import DEFAULT, SearchSettings, Settings
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian, factor
from fluvial.posterior.mixture import Mixture

__all__ = ["Looked", "look"]

# arithmetic: nats below its highest, from where on a density is nothing in float64
_NOTHING = -np.log(np.finfo(float).tiny)


class Looked(NamedTuple):
    """What was looked at, before any of it is judged.

    Attributes:
        overall: the Gaussian of q's mean and covariance.
        looks: points of wide Gaussians around it.
        log_ratios: ln p − ln g at each of them, where g is their density; −inf inside q.
        annealed: ends of chains.
        ended: whether each of these is outside q.
        mirror: what symmetries led to.
        suspects: points outside q, apart from each other.
        missing_mass: that the looks find outside q, as a share of all mass.
        notes: sentences on what was done, and on what that would have found.
    """

    overall: Gaussian
    looks: Float[np.ndarray, "N D"]
    log_ratios: Float[np.ndarray, " N"]
    annealed: Float[np.ndarray, "chains D"]
    ended: Bool[np.ndarray, " chains"]
    mirror: Mirrored
    suspects: Float[np.ndarray, "S D"]
    missing_mass: float
    notes: tuple[str, ...]


def look(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
    *,
    places: Float[np.ndarray, "P D"] | None = None,
) -> Looked:
    """Look for points outside q; see ``mass_outside``.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        rng: decides where the search starts.
        settings: the thresholds.
        places: that are looked at, too.
    """
    search = settings.search
    x, log_own = q.sample(rng, max(search.draws, search.draws_per_dim * q.dim))
    overall = Gaussian(x.mean(axis=0), factor(np.atleast_2d(np.cov(x.T))))
    looks = far_points(overall, search.looks, search.look_spreads, rng)
    seen_before, log_p_before = counted.evaluated.points, counted.evaluated.log_p
    starts = np.concatenate(
        [far_points(overall, search.climbs, search.spreads, rng), leaps(q, overall, rng, settings)]
    )
    mirror = mirrored(counted, q, settings)
    starts = np.concatenate([starts, mirror.starts])
    climbed = _climbed(counted, q, log_evidence, starts, overall, settings)
    annealed = annealed_chains(counted, overall, rng, search)
    along = sideways(counted, q, overall, rng, settings)
    places = np.empty((0, q.dim)) if places is None else places
    far = look_far(counted, q, log_evidence, overall, rng, settings)
    fresh = np.concatenate([looks, annealed, climbed, along, mirror.points, places])
    log_p = np.concatenate([counted.values(fresh), far.log_p, log_p_before])
    points = np.concatenate([fresh, far.points, seen_before])
    log_q = q.log_prob(points)
    excess = log_p - log_q - log_evidence
    outside = np.isfinite(log_p) & (excess > search.excess)
    least = log_own.max() - _NOTHING
    beyond = log_p - np.maximum(log_q, least)
    log_ratios = np.where(outside, log_p, -np.inf)[: search.looks] - _looks_log_prob(
        overall, looks, search.look_spreads
    )
    return Looked(
        overall,
        looks,
        log_ratios,
        annealed,
        outside[search.looks : search.looks + search.chains],
        mirror,
        _apart(points[outside], log_p[outside], beyond[outside], search),
        _share(log_ratios - log_evidence, search.looks),
        _notes(counted, len(starts), overall, _kinds(looks, log_q, search) + far.kinds, settings),
    )


def _kinds(
    looks: Float[np.ndarray, "N D"], log_q: Float[np.ndarray, " M"], search: SearchSettings
) -> tuple[LookKind, ...]:
    """Looks at each spread, which take turns; ``log_q`` begins with theirs."""
    count = len(search.look_spreads)
    log_q = log_q[: len(looks)]
    return tuple(kind_of(looks[k::count], log_q[k::count], search) for k in range(count))


def _notes(
    counted: CountedTarget,
    climbs: int,
    overall: Gaussian,
    kinds: Sequence[LookKind],
    settings: Settings,
) -> tuple[str, ...]:
    """Say what was done, and what looks would have seen if those before the fit do not say so."""
    search, looks = settings.search, sum(kind.number for kind in kinds)
    chains = f"{search.chains} chains through {search.temperatures} temperatures, "
    along = count_sideways(counted, settings)
    sideways = f" and at {along:,} points along one or two coordinates" if along else ""
    done = (
        f"A search outside the fit found nothing more: {climbs} climbs, "
        f"{chains if search.chains else ''}and looks at {looks:,} points around it{sideways}."
    )
    if looks_before(counted, settings):
        return (done,)
    far = len(kinds) > len(search.look_spreads)
    around = farthest_seen(search.look_spreads, counted.dim, search)
    farthest = max(search.far_distances) if far else around
    return done, sentence_of(overall, kinds, farthest, search)


def _apart(
    points: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    excess: Float[np.ndarray, " N"],
    search: SearchSettings,
) -> Float[np.ndarray, "S D"]:
    """The suspects: apart from each other, and high either in density or in its excess over q.

    Where q is narrow its density far away is nothing at all, and the excess says no more than how
    far; where it is wide, the excess tells what is missing from what lies under it. So the excess
    is over what float64 can tell from nothing. Without that floor steps that climbs took much too
    far, of which some are a million standard deviations away, would take the place of all others.
    """
    peaks = density_peaks(points, log_p, search.peaks)
    ranks = [np.argsort(np.argsort(-height[peaks])) for height in (log_p, excess)]
    return points[peaks[np.argsort(np.minimum(*ranks), kind="stable")[: search.suspects]]]


def _looks_log_prob(
    overall: Gaussian, x: Float[np.ndarray, "N D"], spreads: tuple[float, ...]
) -> Float[np.ndarray, " N"]:
    wider = [Gaussian(overall.mean, spread * overall.cholesky) for spread in spreads]
    return log_sum_exp([g.log_prob(x) for g in wider], axis=0) - np.log(len(wider))


def _share(log_ratios: Float[np.ndarray, " N"], looks: int) -> float:
    """The mean over all looks of p / (Z g), which is zero outside of R."""
    return float(np.exp(min(float(log_sum_exp(log_ratios)) - np.log(looks), 50.0)))


def _climbed(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    starts: Float[np.ndarray, "N D"],
    overall: Gaussian,
    settings: Settings,
) -> Float[np.ndarray, "M D"]:
    ends, _ = climb_off_slopes(counted, q, log_evidence, starts, overall.cholesky, settings)
    return np.reshape([end.x for end in ends if end is not None], (-1, overall.dim))
