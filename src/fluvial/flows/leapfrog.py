"""Leapfrog steps along a score that is tempered from a Gaussian to the target."""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import SOFTPLUS_IS_ONE, smoothly_bounded
from fluvial.flows.linear import Diagonal

__all__ = ["Leapfrog", "LeapfrogStep", "Score"]

Score = Callable[[Float[Array, " D"]], Float[Array, " D"]]
"""The gradient of a log density at one point, in the dtype of the point."""

_MAX_LOG_STEP = 4.0
_MAX_LOG_MASS = 4.0
_MAX_LOG_GAIN = 4.0


class LeapfrogStep(NamedTuple):
    """What one step goes by; of K steps each has a leading axis of length K.

    Attributes:
        delta: its size, one number a coordinate, shape (D,).
        beta: the inverse temperature of its first kick.
        lagging: that of its last kick.
        log_gain: ln of the factor on the momentum at its end, shape (D,).
    """

    delta: Float[Array, "*K D"]
    beta: Float[Array, "*K"]
    lagging: Float[Array, "*K"]
    log_gain: Float[Array, "*K D"]


class Leapfrog(eqx.Module):
    r"""K leapfrog steps whose sizes, masses, inverse temperatures and gains are learned.

    A step of a point x and a momentum ρ follows, with :math:`q_0 = N(\mu, \sigma^2)`, the scores
    of :math:`q_0^{1 - \beta} p^{\beta}` at two inverse temperatures:

    .. math::
        s(x; \beta) &= \beta \nabla \ln p(x) - (1 - \beta) (x - \mu) / (\sigma^2 + \delta_k^2) \\
        \rho_{1/2} &= \rho + \tfrac12 \delta_k\, s(x; \beta_k), \qquad
        x' = x + \delta_k\, \rho_{1/2}, \qquad
        \rho' = a_k \bigl(\rho_{1/2} + \tfrac12 \delta_k\, s(x'; \tilde\beta_k)\bigr)

    where :math:`\delta_k = \epsilon_k / \sqrt m`, one number a coordinate, from a step size
    :math:`\epsilon_k` and masses m. Momenta are in units of :math:`\sqrt m`, so that they are
    standard normal whatever the masses. Each line is a shear for any field s, up to the gain
    :math:`a_k`: the map has an inverse and :math:`\ln|\det| = \sum_i \ln a_{k, i}` for steps of
    any size.

    The kicks of textbook dynamics have one temperature and no gain, which is right where the
    draws are already distributed as the tempered density. A few steps leave them behind it, and
    what they lag is learned: :math:`\tilde\beta_k` is between :math:`\beta_{k-1}` and
    :math:`\beta_k`. The gain cools the momentum as what x gives up in volume heats it (Caterini
    et al. 2018, arXiv 1805.11328, section 3.1).

    The :math:`\delta_k^2` next to the variance keeps the start's part of the dynamics stable for
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
        raw_lag: how far the last kick lags, 0 to 1, before the sigmoid, shape (K,).
        raw_log_gain: ln a before it is bounded to ±4, shape (K, D).

    Raises:
        InputError: if ``dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.leapfrog import Leapfrog
        >>> leapfrog = Leapfrog(lambda x: -x, 2, steps=4)
        >>> leapfrog.schedule().beta
        Array([0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """

    score: Score = eqx.field(static=True)
    step_size: float = eqx.field(static=True)
    raw_log_step: Float[Array, " K"]
    raw_log_mass: Float[Array, " D"]
    raw_gaps: Float[Array, " K"]
    raw_lag: Float[Array, " K"]
    raw_log_gain: Float[Array, "K D"]

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
        self.raw_gaps = jnp.full(steps, SOFTPLUS_IS_ONE, dtype)
        self.raw_lag = jnp.zeros(steps, dtype)
        self.raw_log_gain = jnp.zeros((steps, dim), dtype)

    def schedule(self) -> LeapfrogStep:
        """Give what all steps go by."""
        log_step = smoothly_bounded(self.raw_log_step, _MAX_LOG_STEP, _MAX_LOG_STEP)
        log_mass = smoothly_bounded(self.raw_log_mass, _MAX_LOG_MASS, _MAX_LOG_MASS)
        delta = self.step_size * jnp.exp(log_step[:, None] - 0.5 * log_mass)
        # The least gap keeps the sum away from 0, where all softplus underflow.
        gaps = jax.nn.softplus(self.raw_gaps) + jnp.finfo(self.raw_gaps.dtype).eps
        risen = jnp.cumsum(gaps)
        lagging = risen - gaps * jax.nn.sigmoid(self.raw_lag)
        return LeapfrogStep(delta, risen / risen[-1], lagging / risen[-1], self.log_gain())

    def log_gain(self) -> Float[Array, "K D"]:
        """Give ln a; its sum is the log determinant of all steps."""
        return smoothly_bounded(self.raw_log_gain, _MAX_LOG_GAIN, _MAX_LOG_GAIN)

    def advance(
        self, x: Float[Array, " D"], rho: Float[Array, " D"], step: LeapfrogStep, start: Diagonal
    ) -> tuple[Float[Array, " D"], Float[Array, " D"]]:
        """Take one step, (x, ρ) to (x', ρ').

        Args:
            x: where, shape (D,).
            rho: the momentum, shape (D,).
            step: one of the schedule.
            start: the affine map that takes N(0, 1) to q0.
        """
        half = rho + self._kick(x, step.beta, step.delta, start)
        x = x + step.delta * half
        half = half + self._kick(x, step.lagging, step.delta, start)
        return x, jnp.exp(step.log_gain) * half

    def retreat(
        self, x: Float[Array, " D"], rho: Float[Array, " D"], step: LeapfrogStep, start: Diagonal
    ) -> tuple[Float[Array, " D"], Float[Array, " D"]]:
        """Undo one step, (x', ρ') to (x, ρ)."""
        half = jnp.exp(-step.log_gain) * rho - self._kick(x, step.lagging, step.delta, start)
        x = x - step.delta * half
        return x, half - self._kick(x, step.beta, step.delta, start)

    def _kick(self, x, beta, delta, start: Diagonal):
        stiffness = (1 - beta) / (start.scale() ** 2 + delta**2)
        return 0.5 * delta * (beta * self.score(x) - stiffness * (x - start.shift))
