r"""Exact evidence and draws for the energies of `fluvial.targets.examples.energies`.

Given z1, the densities of U2, U3 and U4 are Gaussians in z2, or mixtures of two, of total mass
sqrt(2 pi) times the sum of their scales s. That does not depend on z1, so that z1 has the density
of the wall alone, and

.. math:: Z = \sqrt{2\pi} \sum_k s_k \, (8 + 0.2 \sqrt{2\pi}).

U1 is a ring, from which draws are kept with the probability that its second factor has.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from fluvial.targets.examples.energies import WALL_EDGE, WALL_SCALE, energy, log_normalizer
from fluvial.targets.examples.example import Example
from fluvial.targets.examples.radial_draws import ring_draws

__all__ = ["energy_example"]

_ROOT_TWO_PI = math.sqrt(2 * math.pi)


def _no_fork(z1):
    return np.zeros_like(z1)


def _bump(z1):
    return 3 * np.exp(-0.5 * ((z1 - 1) / 0.6) ** 2)


def _step(z1):
    return 1.5 * (1 + np.tanh((z1 - 1) / 0.6))


# The scale of each branch, and how far the branch lies below w1.
_BRANCHES: dict[str, list[tuple[float, Callable]]] = {
    "U2": [(0.4, _no_fork)],
    "U3": [(0.35, _no_fork), (0.35, _bump)],
    "U4": [(0.4, _no_fork), (0.35, _step)],
}


def energy_example(name: str) -> Example:
    """Return the energy called `name` as a target, with its exact evidence and draws.

    Args:
        name: "U1", "U2", "U3" or "U4".

    Raises:
        InputError: if there is no energy of that name.

    Example:
        >>> energy_example("U2").sample(0, 3).shape
        (3, 2)
    """
    target = energy(name)
    if name == "U1":
        return Example(target, log_normalizer(name), _u1_draws)
    branches = _BRANCHES[name]
    mass = _ROOT_TWO_PI * sum(scale for scale, _ in branches)
    log_evidence = math.log(mass * (2 * WALL_EDGE + _ROOT_TWO_PI * WALL_SCALE))
    return Example(target, log_evidence, lambda seed, n: _band_draws(branches, seed, n))


def _u1_draws(seed: int, n: int) -> Float64[np.ndarray, "n 2"]:
    rng = np.random.default_rng(seed)
    kept = np.empty((0, 2))
    while len(kept) < n:
        z = ring_draws(rng, n, radius=2.0, scale=0.4)
        chance = np.exp(-0.5 * ((z[:, 0] - 2) / 0.6) ** 2)
        chance += np.exp(-0.5 * ((z[:, 0] + 2) / 0.6) ** 2)
        # The second bell adds less than 1e-9 to the peak of the first.
        kept = np.concatenate([kept, z[rng.uniform(size=n) * (1 + 1e-9) < chance]])
    return kept[:n]


def _band_draws(branches, seed: int, n: int) -> Float64[np.ndarray, "n 2"]:
    rng = np.random.default_rng(seed)
    z1 = _between_walls(rng, n)
    scales = np.array([scale for scale, _ in branches])
    offsets = np.stack([offset(z1) for _, offset in branches])
    branch = rng.choice(len(branches), size=n, p=scales / scales.sum())
    center = np.sin(2 * math.pi * z1 / 4) - offsets[branch, np.arange(n)]
    return np.stack([z1, center + scales[branch] * rng.normal(size=n)], axis=1)


def _between_walls(rng: np.random.Generator, n: int) -> Float64[np.ndarray, " n"]:
    """Draw from the density exp(-W): flat between the walls, half a Gaussian beyond each."""
    tail = _ROOT_TWO_PI * WALL_SCALE / (2 * WALL_EDGE + _ROOT_TWO_PI * WALL_SCALE)
    inside = rng.uniform(-WALL_EDGE, WALL_EDGE, n)
    beyond = WALL_SCALE * rng.normal(size=n)
    return np.where(rng.uniform(size=n) < tail, beyond + np.copysign(WALL_EDGE, beyond), inside)
