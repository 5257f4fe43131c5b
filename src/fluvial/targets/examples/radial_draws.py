"""Draws from a ring."""

import math

import numpy as np
from jaxtyping import Float64

__all__ = ["ring_draws"]


def ring_draws(
    rng: np.random.Generator, n: int, *, radius: float, scale: float
) -> Float64[np.ndarray, "n 2"]:
    """Draw n points of the plane from the density exp(-((|z| - radius) / scale)^2 / 2) / Z.

    The radius r has the density r exp(-((r - radius) / scale)^2 / 2): a Gaussian draw is kept with
    a probability proportional to r, up to 10 scales outside, where nothing is left.
    """
    radii = np.empty(0)
    while len(radii) < n:
        r = radius + scale * rng.normal(size=2 * n)
        keep = rng.uniform(size=2 * n) * (radius + 10 * scale) < r
        radii = np.concatenate([radii, r[keep]])
    angle = rng.uniform(0, 2 * math.pi, n)
    return radii[:n, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
