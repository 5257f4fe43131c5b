"""Stages 0 and 1: a look at the target, climbs from many points, and whether they differ."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.check import finite_starts, gradient_complaint
from fluvial.inference.climbing import Optimum
from fluvial.inference.exploring import Explored, climb_from, count_looks, explore, look_beyond
from fluvial.inference.improper import unidentified_complaint
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
    """

    starts: Float[np.ndarray, "N D"]
    ends: list[Optimum]
    doubtful: bool
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    improper: str | None


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
    explored = _explored(run, starts, ends, known)
    looks = count_looks(counted, settings)
    beyond = f", and {looks:,} looks saw no other" if looks else ""
    note = f"{len(ends)} climbs ended in one mode, or in none{beyond}."
    ends = [*ends, *known]
    if explored is not None:
        ends, note = [*ends, *explored.ends], explored.sentence
    points = np.concatenate([starts, *(end.x[None] for end in ends)])
    improper = unidentified_complaint(counted, points, rng, settings)
    doubtful, doubts = explored is not None and explored.doubtful, (doubt,) if doubt else ()
    return Started(starts, ends, doubtful, doubts, (note,), improper)


def _explored(
    run: Run,
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    known: list[Optimum],
) -> Explored | None:
    if not _differ(run, [*ends, *known]):
        ends = [*ends, *look_beyond(run.counted, starts, ends, run.rng, run.settings)]
        if not _differ(run, ends):
            return None
    return explore(run.counted, starts, ends, run.rng, run.settings, confirmed=known)


def _differ(run: Run, ends: list[Optimum]) -> bool:
    return differ(run.counted, [end for end in ends if end.converged], run.settings)
