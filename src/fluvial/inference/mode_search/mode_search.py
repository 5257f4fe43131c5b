r"""Stage 5, before any GOOD: is there mass that the approximation does not see?

Importance weights of q's own draws cannot reveal a mode that q never visits, but points sent out
from far outside of q can (see suspects.py). Where one of these ends in the region R with
p(x) > e³ Z q(x), a local Gaussian measures how much mass lies there (see outliers.py). Much mass
can lie in many small places, so the small ones are added up, too.

What lies around q rather than apart from it (the arms of a banana whose core alone was fitted) has
no mode to climb to. It is measured by the points that are just looked at: they are draws from a
known mixture g of wide Gaussians, so that the mean of p 1_R / (Z g) over them estimates the share
of the mass in R without bias. By Markov's inequality it rarely says much where there is little.
Where climbs found no place for it, a Gaussian is started from those points (see beside.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.constants import LOG_2PI
from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.slopes import climb_off_slopes, leads_elsewhere, on_slopes
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.beside import moved, spread_of
from fluvial.inference.mode_search.outliers import Outlier, held, measured
from fluvial.inference.mode_search.suspects import look
from fluvial.inference.mode_search.symmetries import Mirrored
from fluvial.inference.settings import DEFAULT, SearchSettings, Settings
from fluvial.posterior.gaussian import Gaussian, covers
from fluvial.posterior.mixture import Mixture

__all__ = ["Search", "mass_at", "mass_outside"]


class Search(NamedTuple):
    """What a search found.

    Attributes:
        outliers: places that q misses, worth a component each.
        missing_mass: the mass outside q that wide Gaussians around it find, as a share of all mass.
        notes: sentences on what was looked at, where nothing was found.
    """

    outliers: tuple[Outlier, ...] = ()
    missing_mass: float = 0.0
    notes: tuple[str, ...] = ()


def mass_outside(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
    *,
    places: Float[np.ndarray, "P D"] | None = None,
) -> Search:
    """Search for mass outside q.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        rng: decides where the search starts.
        settings: the thresholds.
        places: that are looked at, too.
    """
    search = settings.search
    seen = look(counted, q, log_evidence, rng, settings, places=places)
    if not len(seen.suspects):
        return Search(notes=seen.notes)
    found = _images(counted, q, log_evidence, seen.mirror, rng, settings)
    found = _places(counted, q, log_evidence, seen.suspects, found, seen.overall, rng, settings)
    found = _worthy(found, search)
    if not found and search.beside:
        level = np.where(seen.ended, 0.0, -np.inf)
        wide = spread_of(seen.looks, seen.log_ratios, seen.overall, search)
        offers = [wide, spread_of(seen.annealed, level, seen.overall, search)]
        found = _beside(counted, q, log_evidence, offers, rng, settings)
        relative = seen.log_ratios - log_evidence
        if not found and wide and moved(seen.looks, relative, seen.overall) > search.moves:
            found = [Outlier(wide, seen.missing_mass)]
    return Search(tuple(found), seen.missing_mass, () if found else seen.notes)


def mass_at(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    tops: Sequence[Optimum],
    places: Sequence[Outlier],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> list[Outlier]:
    """Measure the mass outside q at optima, and return those that are worth a component each.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        tops: the optima.
        places: that are known already.
        rng: decides every draw.
        settings: the thresholds.
    """
    found = list(places)
    for top in tops:
        start = laplace_or(counted, top.x, top.gaussian, settings)
        known = any(covers(place.gaussian, start.mean) for place in found)
        if not known and not _holds_nothing(top, start, log_evidence, settings):
            found.append(measured(counted, q, log_evidence, start, rng, settings))
    return _worthy(found[len(places) :], settings.search)


def _worthy(places: list[Outlier], search: SearchSettings) -> list[Outlier]:
    """Those worth a component of their own: all but the small, unless these add up."""
    small = sum(place.share for place in places if search.small < place.share <= search.share)
    least = search.small if small > search.small_total else search.share
    return [place for place in places if place.share > least]


def _beside(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    offers: list[Gaussian | None],
    rng: np.random.Generator,
    settings: Settings,
) -> list[Outlier]:
    """The Gaussian that finds most mass next to q, if that is more than a verdict forgives."""
    found = [measured(counted, q, log_evidence, g, rng, settings) for g in offers if g is not None]
    best = max(found, key=lambda outlier: outlier.share, default=None)
    return [best] if best is not None and best.share > settings.verdict.max_missing_mass else []


def _images(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    mirror: Mirrored,
    rng: np.random.Generator,
    settings: Settings,
) -> list[Outlier]:
    """Measure the mass where symmetries lead: climbs from there may lead out of it again.

    The image of what was matched is matched.
    """
    places: list[Outlier] = []
    for image in mirror.images:
        if not any(covers(place.gaussian, image.mean) for place in places):
            places.append(held(counted, q, log_evidence, image, rng, settings))
    return places


def _places(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    suspects: Float[np.ndarray, "S D"],
    places: list[Outlier],
    overall: Gaussian,
    rng: np.random.Generator,
    settings: Settings,
) -> list[Outlier]:
    """Climb from suspects off the slopes, or on another's rim, and measure mass where that ends.

    To the places that are known come those that are found.
    """
    places = list(places)
    straight = on_slopes(counted, q, log_evidence, suspects, settings)
    rim = straight.copy()
    rim[straight] = leads_elsewhere(counted, q, suspects[straight], settings)
    suspects, rim = (part[~straight | rim] for part in (suspects, rim))
    if not len(suspects):
        return places
    tops, there = climb_off_slopes(counted, q, log_evidence, suspects, overall.cholesky, settings)
    ended = np.stack([x if top is None else top.x for x, top in zip(suspects, tops, strict=True)])
    there = there | (rim & on_slopes(counted, q, log_evidence, ended, settings))
    for suspect, top, arrived in zip(suspects, tops, there, strict=True):
        if arrived:
            continue
        start = Gaussian(suspect, settings.search.suspect_width * overall.cholesky)
        if top is not None:
            start = laplace_or(counted, top.x, top.gaussian, settings)
        known = any(covers(place.gaussian, start.mean) for place in places)
        if not known and not _holds_nothing(top, start, log_evidence, settings):
            places.append(measured(counted, q, log_evidence, start, rng, settings))
    return places


def _holds_nothing(
    top: Optimum | None, there: Gaussian, log_evidence: float, settings: Settings
) -> bool:
    """Whether Laplace's approximation of the mass at an optimum is none, beyond any doubt of it.

    From far out, climbs end on slopes that are flat to rounding, thousands of nats below.
    """
    if top is None:
        return False
    log_mass = top.log_p + there.log_det + 0.5 * there.dim * LOG_2PI
    margin = settings.match.no_mass if top.converged else settings.search.stranded
    return bool(log_mass < log_evidence - margin)
