"""Stages 0 and 1: a look at the target, climbs from many points, and whether they differ."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.checks.check import finite_starts, gradient_complaint
from fluvial.inference.checks.unidentified import unidentified_complaint
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.climbs.starts import differ
from fluvial.inference.matching import Matched
from fluvial.inference.mode_search.beyond import Beyond, look_beyond
from fluvial.inference.mode_search.exploring import explore
from fluvial.inference.products.factors import combine, count_modes, factors, heads_of
from fluvial.inference.products.product import Product, match_product
from fluvial.inference.products.separating import separate
from fluvial.inference.run import Run

__all__ = ["Started", "begin"]

_SAID = 1_000_000  # wording: of more modes no number is said


class Started(NamedTuple):
    """What is known before anything is fitted.

    Attributes:
        starts: points where the density is finite.
        ends: where climbs ended.
        doubtful: whether modes that matter are to be expected beyond those that were found.
        notes: sentences on how modes were looked for.
        doubts: sentences.
        improper: why the density has no finite integral, or None.
        product: what was matched already, factor by factor, instead of looking for all modes.
    """

    starts: Float[np.ndarray, "N D"]
    ends: list[Optimum]
    doubtful: bool
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    improper: str | None
    product: Matched | None = None


def begin(run: Run) -> Started:
    """Look at the target, and climb.

    Raises:
        InputError: if the density is finite nowhere.
    """
    counted, rng, settings = run.counted, run.rng, run.settings
    starts = finite_starts(counted, rng, settings)
    # not at the first, which is the origin: densities like to have a kink there
    doubt = gradient_complaint(counted, starts[-1], rng, settings)
    ends = climb_from(counted, starts, settings)
    known = [] if run.warm is None else climb_from(counted, run.warm.centers, settings)
    beyond = Beyond([], "")
    if not _differ(run, [*ends, *known]):
        beyond = look_beyond(counted, starts, ends, rng, settings)
        ends = [*ends, *beyond.ends]
    found = _Found(ends, beyond.sentence)
    if _differ(run, [*ends, *known]):
        found = _several(run, starts, ends, known)
    ends = [*ends, *known, *found.ends]
    points = np.concatenate([starts, *(end.x[None] for end in ends)])
    improper = unidentified_complaint(counted, points, rng, settings)
    doubts = (doubt,) if doubt else ()
    return Started(starts, ends, found.doubtful, doubts, (found.note,), improper, found.product)


class _Found(NamedTuple):
    ends: list[Optimum]
    note: str
    doubtful: bool = False
    product: Matched | None = None


def _several(
    run: Run,
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    known: list[Optimum],
) -> _Found:
    """Where climbs differ: all modes, or the factors of a product where these are too many."""
    counted, settings = run.counted, run.settings
    labels = None if run.warm is not None else _factors(run, starts, ends)
    modes = 1 if labels is None else count_modes(counted, labels, heads_of(ends), settings)
    product = None
    if labels is not None and modes > settings.flow.max_modes:
        product = match_product(run, labels, starts, ends)
    if product is None:
        product = _separated(run, starts, ends)
    if product is not None:
        return _Found([], product.note, product=product.matched)
    if modes > settings.match.max_modes:
        number = f"{modes:,}" if modes < _SAID else f"{_SAID:,}"
        note = f"{len(ends)} climbs ended in some of {number} modes or more, of a product."
        return _Found([], note, doubtful=True)
    explored = explore(counted, starts, ends, run.rng, settings, confirmed=known)
    found = [*ends, *explored.ends]
    if explored.doubtful and labels is not None:
        product = match_product(run, labels, starts, found)
        if product is not None:
            return _Found(explored.ends, product.note, product=product.matched)
        combined = combine(counted, labels, starts, found, run.rng, settings)
        if combined is not None:
            return _Found([*explored.ends, *combined.ends], combined.sentence)
    return _Found(explored.ends, explored.sentence, explored.doubtful)


def _separated(run: Run, starts: Float[np.ndarray, "N D"], ends: list[Optimum]) -> Product | None:
    """Match a product in coordinates of its own, where there are too many modes to be listed."""
    heads, same = heads_of(ends), run.settings.climb.same
    tried = 2 <= run.counted.dim <= run.settings.match.dense and run.warm is None
    if not tried or run.target.streamed is not None or len(heads) < run.settings.start.many:
        return None
    apart = np.abs(heads[:, None] - heads) > same * (1.0 + np.abs(heads))
    if np.sum(~np.any(np.triu(~apart.any(axis=2), 1), axis=0)) < run.settings.start.many:
        return None
    found = separate(run.counted, starts, ends, run.settings)
    return None if found is None else match_product(run, found.labels, starts, ends, found.basis)


def _factors(
    run: Run, starts: Float[np.ndarray, "N D"], ends: list[Optimum]
) -> Int[np.ndarray, " D"] | None:
    """For each coordinate the factor that it belongs to; None where there is one factor."""
    heads = heads_of(ends)
    if len(heads) < 2 or not 2 <= run.counted.dim <= run.settings.match.dense:
        return None
    labels = factors(run.counted, starts, heads, run.settings.product)
    return labels if labels.any() and run.target.streamed is None else None


def _differ(run: Run, ends: list[Optimum]) -> bool:
    return differ(run.counted, [end for end in ends if end.converged], run.settings)
