r"""The four energies of Rezende & Mohamed (2015), Table 1, on the plane.

Each is an unnormalized density exp(-U(z)). With the parabola P(d, s) = (d / s)^2 / 2,

.. math::
    U_1 &= P(\|z\| - 2,\, 0.4) - \ln\left(e^{-P(z_1 - 2,\, 0.6)} + e^{-P(z_1 + 2,\, 0.6)}\right) \\
    U_2 &= P(z_2 - w_1,\, 0.4) \\
    U_3 &= -\ln\left(e^{-P(z_2 - w_1,\, 0.35)} + e^{-P(z_2 - w_1 + w_2,\, 0.35)}\right) \\
    U_4 &= -\ln\left(e^{-P(z_2 - w_1,\, 0.4)} + e^{-P(z_2 - w_1 + w_3,\, 0.35)}\right) \\
    w_1 &= \sin(2 \pi z_1 / 4), \quad w_2 = 3 e^{-P(z_1 - 1,\, 0.6)}, \quad
    w_3 = 3\, \sigma\left(\tfrac{z_1 - 1}{0.3}\right).

U2, U3 and U4 do not decay along z1, so that their densities have no finite integral over the plane
and a variational bound would grow without end. The paper does not say what it did; its Figure 3
shows two periods of w1, z1 from -4 to 4. `energy` therefore adds to these three a wall,

.. math:: W(z) = P(\max(|z_1| - 4,\, 0),\, 0.2),

which leaves the density between -4 and 4 exactly as it is in the paper.
"""

import math
from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.targets.batching import batched
from fluvial.targets.target import Target

__all__ = ["ENERGIES", "U1", "U2", "U3", "U4", "energy", "log_normalizer", "wall"]

WALL_EDGE = 4.0
WALL_SCALE = 0.2


def U1(z: Float[Array, " 2"]) -> Float[Array, ""]:
    """Two halves of a ring of radius 2; shape (2,) to a scalar, in nats."""
    return _parabola(_norm(z) - 2, 0.4) - jnp.logaddexp(
        -_parabola(z[0] - 2, 0.6), -_parabola(z[0] + 2, 0.6)
    )


def U2(z: Float[Array, " 2"]) -> Float[Array, ""]:
    """A sinusoidal band; shape (2,) to a scalar, in nats. Improper: see `energy`."""
    return _parabola(z[1] - _w1(z), 0.4)


def U3(z: Float[Array, " 2"]) -> Float[Array, ""]:
    """A sinusoidal band with a bump; shape (2,) to a scalar, in nats. Improper: see `energy`."""
    offset = z[1] - _w1(z)
    return -jnp.logaddexp(-_parabola(offset, 0.35), -_parabola(offset + _w2(z), 0.35))


def U4(z: Float[Array, " 2"]) -> Float[Array, ""]:
    """A sinusoidal band that forks; shape (2,) to a scalar, in nats. Improper: see `energy`."""
    offset = z[1] - _w1(z)
    return -jnp.logaddexp(-_parabola(offset, 0.4), -_parabola(offset + _w3(z), 0.35))


def wall(z: Float[Array, " 2"]) -> Float[Array, ""]:
    """Return W(z), in nats: 0 for |z1| up to 4, then quadratic."""
    return _parabola(jnp.maximum(jnp.abs(z[0]) - WALL_EDGE, 0), WALL_SCALE)


def _parabola(distance, scale: float):
    return 0.5 * (distance / scale) ** 2


def _norm(z):
    """Return |z|, with the gradient 0 at the origin instead of NaN."""
    square = jnp.sum(z**2)
    safe = jnp.where(square > 0, square, 1)
    return jnp.where(square > 0, jnp.sqrt(safe), 0)


def _w1(z):
    return jnp.sin(2 * math.pi * z[0] / 4)


def _w2(z):
    return 3 * jnp.exp(-_parabola(z[0] - 1, 0.6))


def _w3(z):
    return 3 * jax.nn.sigmoid((z[0] - 1) / 0.3)


_LOG_DENSITIES: dict[str, Callable] = {
    "U1": lambda z: -U1(z),
    "U2": lambda z: -U2(z) - wall(z),
    "U3": lambda z: -U3(z) - wall(z),
    "U4": lambda z: -U4(z) - wall(z),
}
ENERGIES = tuple(_LOG_DENSITIES)


def energy(name: str) -> Target:
    """Return the target with log density -U(z), for U2 to U4 between walls: -U(z) - W(z).

    Args:
        name: "U1", "U2", "U3" or "U4".

    Raises:
        InputError: if there is no energy of that name.

    Example:
        >>> energy("U2").values(np.array([[1.0, 1.0], [1.0, 1.4]])).round(6).tolist()
        [-0.0, -0.5]
    """
    return Target(_log_density(name), dim=2)


@cache
def log_normalizer(name: str) -> float:
    """Return the log of the integral of exp of `energy(name)`'s log density, to better than 1e-6.

    By the trapezoidal rule on a square grid which reaches to where the density is below 1e-30.

    Args:
        name: "U1", "U2", "U3" or "U4".

    Raises:
        InputError: if there is no energy of that name.

    Example:
        >>> round(log_normalizer("U1"), 4)
        1.8775
    """
    axis, step = np.linspace(-8.0, 8.0, 1601, retstep=True)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    values = batched(_log_density(name))(points)
    return float(np.log(np.sum(np.exp(values))) + 2 * np.log(step))


def _log_density(name: str) -> Callable:
    if name not in _LOG_DENSITIES:
        raise InputError(f"there is no energy {name!r}: give one of {', '.join(ENERGIES)}.")
    return _LOG_DENSITIES[name]
