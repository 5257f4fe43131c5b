"""Of very many points, those whose values stand out from a quadratic through the points around."""

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.settings import DEFAULT, HillSettings

__all__ = ["outstanding"]


def outstanding(
    u: Float[np.ndarray, "N D"],
    values: Float[np.ndarray, " N"],
    most: int,
    settings: HillSettings = DEFAULT.hill,
) -> Int[np.ndarray, " K"]:
    """Return the rows that exceed a quadratic fitted to their cell by most of its scatters.

    Unlike a search for neighbors this takes a microsecond a point.

    Args:
        u: points on the unit cube, about evenly spread.
        values: finite.
        most: how many.
        settings: the thresholds.

    Example:
        >>> u = np.random.default_rng(0).uniform(size=(20_000, 3))
        >>> spike = np.where(np.arange(20_000) == 7, 30.0, 0.0)
        >>> outstanding(u, spike - 50.0 * np.sum((u - 0.5) ** 4, axis=1), 1).tolist()
        [7]
    """
    dim = u.shape[1]
    coefficients = (dim + 1) * (dim + 2) // 2
    side = max(1, int((len(u) / (settings.cell * coefficients)) ** (1.0 / dim)))
    at = np.minimum((u * side).astype(int), side - 1)
    cells = np.asarray(np.ravel_multi_index(tuple(at.T), (side,) * dim))
    order = np.argsort(cells, kind="stable")
    surprise = np.full(len(u), -np.inf)
    for rows in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        if len(rows) >= 2 * coefficients:
            surprise[rows] = _surprise(u[rows] * side, values[rows], settings.scatter)
    return np.argsort(-surprise, kind="stable")[:most]


def _surprise(
    u: Float[np.ndarray, "N D"], values: Float[np.ndarray, " N"], least: float
) -> Float[np.ndarray, " N"]:
    centered = u - u.mean(axis=0)
    i, j = np.triu_indices(u.shape[1])
    design = np.column_stack([np.ones(len(u)), centered, centered[:, i] * centered[:, j]])
    rest = values - design @ np.linalg.solve(design.T @ design, design.T @ values)
    return (rest - np.median(rest)) / (np.median(np.abs(rest)) + least)
