"""Leapfrog steps along a score that is tempered from a Gaussian to the target."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.linear import Diagonal

__all__ = ["Leapfrog", "Score"]

Score = Callable[[Float[Array, " D"]], Float[Array, " D"]]
"""The gradient of a log density at one point, in the dtype of the point."""

_MAX_LOG_STEP = 4.0
_MAX_LOG_MASS = 4.0
_NEUTRAL = math.log(math.e - 1)
"""Where softplus is 1."""


class Leapfrog(eqx.Module):
    r"""K leapfrog steps whose step sizes, masses and inverse temperatures are learned.

    Step k, of a point x and a momentum ρ, follows the score of
    :math:`\pi_k \propto q_0^{1 - \beta_k} p^{\beta_k}`, with :math:`q_0 = N(\mu, \sigma^2)`:

    .. math::
        s_k(x) &= \beta_k \nabla \ln p(x) - (1 - \beta_k) (x - \mu) / (\sigma^2 + \delta_k^2) \\
        \rho_{1/2} &= \rho + \tfrac12 \delta_k\, s_k(x), \qquad
        x' = x + \delta_k\, \rho_{1/2}, \qquad
        \rho' = \rho_{1/2} + \tfrac12 \delta_k\, s_k(x')

    where :math:`\delta_k = \epsilon_k / \sqrt m`, one number a coordinate, from a step size
    :math:`\epsilon_k` and masses m. Momenta are in units of :math:`\sqrt m`, so that they are
    standard normal whatever the masses. Each line is a shear, hence the step preserves volume,
    for any field s; and if the sign of the momentum is turned at its end, it undoes itself
    (Neal 2011, section 2.3).

    The :math:`\delta_k^2` beside the variance keeps the start's part of the dynamics stable for
    any step: leapfrog is unstable where a step is longer than twice the scale.

    The inverse temperatures rise to :math:`\beta_K = 1`; they start evenly spaced.

    Args:
        score: the gradient of ln p at one point, (D,) to (D,); p need not be normalized.
        dim: D.
        steps: K.
        step_size: ε at the start, for every step; learned within a factor of e⁴.
        dtype: float32 or float64.

    Attributes:
        raw_log_step: ln ε relative to its start, before it is bounded, shape (K,).
        raw_log_mass: ln m before it is bounded to ±4, shape (D,).
        raw_gaps: the differences of β before the softplus, up to a factor, shape (K,).

    Raises:
        InputError: if ``dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.leapfrog import Leapfrog
        >>> leapfrog = Leapfrog(lambda x: -x, 2, steps=4)
        >>> leapfrog.schedule()[1]
        Array([0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """

    score: Score = eqx.field(static=True)
    step_size: float = eqx.field(static=True)
    raw_log_step: Float[Array, " K"]
    raw_log_mass: Float[Array, " D"]
    raw_gaps: Float[Array, " K"]

    def __init__(
        self,
        score: Score,
        dim: int,
        *,
        steps: int,
        step_size: float = 0.1,
        dtype: DTypeLike = jnp.float32,
    ):
        if dim < 1 or steps < 1:
            raise InputError(f"dim={dim}, steps={steps}: both must be at least 1.")
        if not 0 < step_size < math.inf:
            raise InputError(f"step_size={step_size}: it must be a positive number.")
        self.score = score
        self.step_size = float(step_size)
        self.raw_log_step = jnp.zeros(steps, dtype)
        self.raw_log_mass = jnp.zeros(dim, dtype)
        self.raw_gaps = jnp.full(steps, _NEUTRAL, dtype)

    def schedule(self) -> tuple[Float[Array, "K D"], Float[Array, " K"]]:
        """Give δ, shape (K, D), and β, shape (K,)."""
        log_step = smoothly_bounded(self.raw_log_step, _MAX_LOG_STEP, _MAX_LOG_STEP)
        log_mass = smoothly_bounded(self.raw_log_mass, _MAX_LOG_MASS, _MAX_LOG_MASS)
        delta = self.step_size * jnp.exp(log_step[:, None] - 0.5 * log_mass)
        # The least gap keeps the sum away from 0, where all softplus underflow.
        gaps = jax.nn.softplus(self.raw_gaps) + jnp.finfo(self.raw_gaps.dtype).eps
        risen = jnp.cumsum(gaps)
        return delta, risen / risen[-1]

    def reflected(
        self,
        x: Float[Array, " D"],
        rho: Float[Array, " D"],
        delta: Float[Array, " D"],
        beta: Float[Array, ""],
        start: Diagonal,
    ) -> tuple[Float[Array, " D"], Float[Array, " D"]]:
        """Take one step and turn the momentum: (x, ρ) to (x', −ρ'), its own inverse.

        Args:
            x: where, shape (D,).
            rho: the momentum, shape (D,).
            delta: this step's δ, shape (D,).
            beta: this step's β.
            start: the affine map that takes N(0, 1) to q0.
        """
        stiffness = (1 - beta) / (start.scale() ** 2 + delta**2)

        def kick(x):
            return 0.5 * delta * (beta * self.score(x) - stiffness * (x - start.shift))

        half = rho + kick(x)
        x = x + delta * half
        return x, -(half + kick(x))
