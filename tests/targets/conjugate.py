"""A model whose evidence is known: y_i ~ N(0, 1 / precision), precision ~ Gamma(2, rate 3)."""

import math

import numpy as np

A, B = 2.0, 3.0
Y = np.array([0.3, -1.2, 2.1, 0.4])
EXACT = (
    A * math.log(B)
    - math.lgamma(A)
    - 0.5 * len(Y) * math.log(2 * math.pi)
    + math.lgamma(A + len(Y) / 2)
    - (A + len(Y) / 2) * math.log(B + 0.5 * float(np.sum(Y**2)))
)


def evidence(target) -> float:
    """Integrate a one-dimensional target's density over its unconstrained line."""
    grid, step = np.linspace(-15, 10, 4001, retstep=True)
    return float(np.log(np.sum(np.exp(target.values(grid[:, None]))) * step))
