"""Stages 0 and 1: a look at the target, climbs from many points, and whether they differ."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.check import finite_starts, gradient_complaint
from fluvial.inference.climbing import Optimum
from fluvial.inference.exploring import Beyond, climb_from, explore, look_beyond
from fluvial.inference.improper import unidentified_complaint
from fluvial.inference.matching import Matched
from fluvial.inference.product import is_listed, match_product
from fluvial.inference.run import Run
from fluvial.inference.starts import differ

__all__ = ["Started", "start"]


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


def start(run: Run) -> Started:
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
    """Where climbs differ: the factors of a product, if modes are too many to be listed or found.

    Else all modes.
    """
    counted, settings = run.counted, run.settings
    listed = run.warm is not None or is_listed(counted, starts, ends, settings)
    product = None if listed else match_product(run, starts, ends)
    if product is not None:
        return _Found([], product.note, product=product.matched)
    explored = explore(counted, starts, ends, run.rng, settings, confirmed=known)
    if explored.doubtful and listed and run.warm is None:
        product = match_product(run, starts, [*ends, *explored.ends])
        if product is not None:
            return _Found(explored.ends, product.note, product=product.matched)
    return _Found(explored.ends, explored.sentence, explored.doubtful)


def _differ(run: Run, ends: list[Optimum]) -> bool:
    return differ(run.counted, [end for end in ends if end.converged], run.settings)
