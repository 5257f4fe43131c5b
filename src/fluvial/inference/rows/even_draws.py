"""Draws of N(0, I) that fill space more evenly than independent ones."""

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

__all__ = ["even_draws"]


def even_draws(size: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "N D"]:
    """Return draws of N(0, I) from a scrambled Sobol sequence, in random order.

    Each by itself is distributed as N(0, I) is (Owen 1997, Annals of Statistics 25).

    Args:
        size: how many.
        dim: D.
        rng: scrambles.

    Example:
        >>> z = even_draws(256, 3, np.random.default_rng(0))
        >>> bool(np.abs(z.mean(axis=0)).max() < 0.02)
        True
    """
    from scipy.stats import qmc  # half a second, which most fits need not take

    power = 1 << (size - 1).bit_length()
    # SciPy 1.14 calls `seed` what later ones call `rng`, and all take both.
    sequence = qmc.Sobol(dim, seed=rng)  # pyright: ignore[reportCallIssue]
    uniform = sequence.random(power)[:size]
    # A scrambled point is one of 2^30 cells' corners, of which 0 has no place in N(0, 1).
    return rng.permutation(ndtri(np.clip(uniform, 2.0**-31, 1.0 - 2.0**-31)))
