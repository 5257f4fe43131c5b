"""Draws from the prior to look for peaks, in two halves that owe nothing to each other."""

import numpy as np

from fluvial.inference.black_box.annealing import spread_out
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending

__all__ = ["drawn_from_prior"]

Half = tuple[np.ndarray, np.ndarray]
"""Points (N, D), and the log density at each (N,)."""


def drawn_from_prior(
    explored: tuple[History, ...], more: int, spending: Spending, rng: np.random.Generator
) -> tuple[Half, ...]:
    """Add to the draws that populations began with, and return them with their log densities.

    Args:
        explored: populations' points, of which the first are draws from the reference.
        more: how many to add, to all of them together.
        spending: evaluates the target.
        rng: decides every draw.
    """
    halves = tuple((h.x[: h.counts[0]], h.log_p[: h.counts[0]]) for h in explored)
    each = more // len(explored)
    if not each:
        return halves
    added = [spread_out(explored[0].reference, each, rng) for _ in explored]
    return tuple(_joined(half, x, spending) for half, x in zip(halves, added, strict=True))


def _joined(half: Half, more: np.ndarray, spending: Spending) -> Half:
    x, log_p = half
    found = spending.prior_values(more, "hunting")
    found = np.where(np.isfinite(found), found, -np.inf)
    return np.concatenate([x, more[: len(found)]]), np.concatenate([log_p, found])
