r"""Ranks of the truth among draws: of each parameter, of products of two, and of the distance.

Parameters that are all right by themselves may depend on each other in a wrong way, as draws of
independent parameters do. A product of two shows it (on quantities other than the parameters:
Modrák et al. 2023, Bayesian Analysis). Any function that treats the truth like a draw has a uniform
rank, so that means and standard deviations of all of them together may standardize the factors. The
distance from their mean, by their covariance, tells draws that are too wide or too narrow in all
parameters at once from fewer fits than each parameter by itself, as where the prior is wrong.
"""

from itertools import combinations

import numpy as np
from jaxtyping import Float

__all__ = ["distances", "multiplied", "pairs", "ranked"]

_SINGULAR = 1e-8  # of the largest singular value: parameters that are functions of others
_MOST_PAIRS = 28  # all those of eight parameters; more tests find less each


def ranked(
    truth: Float[np.ndarray, "1 P"], sample: Float[np.ndarray, "L P"], rng: np.random.Generator
) -> Float[np.ndarray, " P"]:
    """Return the share of draws below the truth, made continuous by a uniform number.

    Args:
        truth: one row.
        sample: draws.
        rng: decides that number, and the ranks of ties.

    Example:
        >>> u = ranked(np.zeros((1, 1)), np.ones((9, 1)), np.random.default_rng(0))
        >>> bool(0.0 < u[0] < 0.1)
        True
    """
    ties = np.sum(sample == truth, axis=0)
    below = np.sum(sample < truth, axis=0) + rng.integers(ties + 1)
    return (below + rng.uniform(size=truth.shape[1])) / (len(sample) + 1)


def multiplied(
    truth: Float[np.ndarray, "1 P"], sample: Float[np.ndarray, "L P"]
) -> tuple[Float[np.ndarray, "1 Q"], Float[np.ndarray, "L Q"]]:
    """Return the products of standardized parameters, of the truth and of the draws.

    Args:
        truth: one row.
        sample: draws.
    """
    together = np.concatenate([truth, sample])
    spread = together.std(axis=0)
    z = (together - together.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    first, second = np.array(pairs(truth.shape[1]), int).reshape(-1, 2).T
    products = z[:, first] * z[:, second]
    return products[:1], products[1:]


def distances(
    truth: Float[np.ndarray, "1 P"], sample: Float[np.ndarray, "L P"]
) -> tuple[Float[np.ndarray, "1 1"], Float[np.ndarray, "L 1"]]:
    """Return squared distances from the mean in units of the covariance, of all of them together.

    Args:
        truth: one row.
        sample: draws.

    Example:
        >>> near, others = distances(np.zeros((1, 1)), np.array([[-1.0], [1.0]]))
        >>> near.tolist(), others.round(6).tolist()
        ([[0.0]], [[0.5], [0.5]])
    """
    together = np.concatenate([truth, sample])
    centered = together - together.mean(axis=0)
    spread = centered.std(axis=0)
    z = centered / np.where(spread > 0.0, spread, 1.0)
    rows, sizes, _ = np.linalg.svd(z, full_matrices=False)
    kept = sizes > _SINGULAR * sizes.max(initial=0.0)
    squares = np.sum(rows[:, kept] ** 2, axis=1, keepdims=True)
    return squares[:1], squares[1:]


def pairs(count: int) -> list[tuple[int, int]]:
    """Return which of so many parameters are multiplied: all pairs, or some spread evenly.

    Example:
        >>> pairs(3)
        [(0, 1), (0, 2), (1, 2)]
        >>> len(pairs(50))
        28
    """
    every = list(combinations(range(count), 2))
    if len(every) <= _MOST_PAIRS:
        return every
    return [every[k] for k in np.linspace(0, len(every) - 1, _MOST_PAIRS).astype(int)]
