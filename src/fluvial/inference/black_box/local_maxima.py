"""Draws that are higher than all their neighbors: where a peak that no population saw may begin."""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from fluvial.inference.black_box.outstanding import outstanding
from fluvial.inference.settings import DEFAULT, HillSettings
from fluvial.posterior.mixture import Mixture

__all__ = ["local_maxima", "starts"]


def local_maxima(
    u: Float[np.ndarray, "N D"],
    values: Float[np.ndarray, " N"],
    settings: HillSettings = DEFAULT.hill,
) -> Int[np.ndarray, " M"]:
    """Return the rows that are higher than 2 D + 2 neighbors, the most surprising first.

    Surprise is by how much a value is beyond what a plane through its neighbors predicts, in units
    of their own scatter about it. One draw in a spike stands out by it, however low it is, and
    draws on the slope of a broad mode do not.

    Args:
        u: points, uniform on the unit cube.
        values: the log likelihood at each; rows that are not finite are left out.
        settings: the thresholds.

    Example:
        >>> u = np.random.default_rng(0).uniform(size=(400, 2))
        >>> spike = np.where(np.arange(400) == 7, 30.0, 0.0)
        >>> int(local_maxima(u, spike - 50.0 * np.sum((u - 0.5) ** 2, axis=1))[0])
        7
    """
    from scipy.spatial import KDTree  # a fifth of a second, which most fits need not take

    usable = np.flatnonzero(np.isfinite(values))
    dim = u.shape[1]
    near = 2 * dim + 2
    if len(usable) <= near:
        return np.empty(0, int)
    u, values = u[usable], values[usable]
    tree = KDTree(u, balanced_tree=False, compact_nodes=False)  # of points that are spread out
    rows, anyway = np.arange(len(u)), 0
    if len(u) > settings.many:
        rows = outstanding(u, values, settings.looked_at, settings)
        anyway = settings.anyway
    neighbors = np.asarray(tree.query(u[rows], k=near + 1)[1])[:, 1:]
    highest = values[rows] > values[neighbors].max(axis=1)
    highest[:anyway] = True
    found = rows[highest]
    around = np.asarray(tree.query(u[found], k=min(4 * (dim + 1) + 1, len(u)))[1])[:, 1:]
    pairs = zip(map(int, found), around, strict=True)
    surprise = [_surprise(u, values, *pair, settings.scatter) for pair in pairs]
    return usable[found[np.argsort(-np.asarray(surprise), kind="stable")]]


def starts(
    reference: Mixture,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    most: int,
    settings: HillSettings = DEFAULT.hill,
) -> Int[np.ndarray, " K"]:
    """Choose draws to climb from: the most surprising of the local maxima, and the highest.

    Args:
        reference: the one Gaussian that the draws are from.
        x: draws.
        log_p: the log density at each.
        most: of the surprising ones; of the highest there are half as many.
        settings: the thresholds.
    """
    u = ndtr(reference.components[0].gaussian.whiten(x))
    rows = local_maxima(u, log_p, settings)
    highest = rows[np.argsort(-log_p[rows], kind="stable")][: most // 2]
    best = [int(np.argmax(log_p))] if np.isfinite(log_p).any() else []
    return np.unique(np.concatenate([rows[:most], highest, best]).astype(int))


def _surprise(u, values, row: int, near: Int[np.ndarray, " K"], least: float) -> float:
    plane = np.column_stack([np.ones(len(near)), u[near] - u[row]])
    solution = np.linalg.lstsq(plane, values[near], rcond=None)[0]
    rest = values[near] - plane @ solution
    free = max(len(near) - u.shape[1] - 1, 1)
    scatter = np.median(np.abs(rest - np.median(rest))) * np.sqrt(len(near) / free)
    return float((values[row] - solution[0]) / (scatter + least))
