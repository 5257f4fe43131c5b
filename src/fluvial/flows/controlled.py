"""Controlled Langevin flows: a learned drift that the step back takes with the other sign."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.flows.flow import Flow
from fluvial.flows.leapfrog import Leapfrog, Score
from fluvial.flows.linear import Diagonal
from fluvial.flows.velocity import Velocity

__all__ = ["Controlled"]


class Controlled(Flow):
    r"""K steps of Langevin dynamics with a learned drift, a bijection of R^{(K + 1) D}.

    What a ``Langevin`` flow lacks is the reverse of its own dynamics: its step back has the form
    of the step forward, which would be right only where the draws are already distributed as the
    tempered target. With a drift u(t, x) that moves the draws as fast as the temperature falls,
    forward dynamics :math:`s + u` are reversed by :math:`s - u` (Vargas et al. 2024, Transport
    meets variational inference, arXiv 2307.01050), and the bound can be tight for a
    finite speed. With :math:`t_k = k / K` and :math:`h_k = \delta_k^2 / 2`,

    .. math::
        x_k &= x_{k-1} + h_k \bigl(s(x_{k-1}; \beta_k) + u(t_{k-1}, x_{k-1})\bigr)
            + \sqrt{2 h_k}\,\xi_k \\
        x_{k-1} &= x_k + h_k \bigl(s(x_k; \tilde\beta_k) - u(t_k, x_k)\bigr)
            + \sqrt{2 h_k}\,\tilde\xi_k / a_k.

    Both kicks are shears, of the noise given the point, so that the map
    :math:`(z_0, \xi_1 \dots \xi_K) \mapsto (x_K, \tilde\xi_1 \dots \tilde\xi_K)` keeps the
    determinant of a ``Langevin`` flow. Its free energy against ``Extended(target)`` is minus a
    valid evidence lower bound for any u.

    Trained are the start, the steps (see ``Leapfrog``) and u, which starts at 0: as ``Langevin``.

    Args:
        score: the gradient of ln p at one point, (D,) to (D,); p need not be normalized.
        target_dim: D.
        key: decides the hidden layers of the drift.
        steps: K.
        step_size: δ at the start; the first h is half its square.
        width: units in each of the drift's two hidden layers.
        dtype: float32 or float64.

    Attributes:
        dim: (K + 1) D, of the extended space.
        start: the map that takes N(0, 1) to N(μ, σ²).
        leapfrog: the steps.
        drift: u, see ``Velocity``.

    Raises:
        InputError: if ``target_dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Controlled
        >>> flow = Controlled(lambda x: -x, 2, key=jax.random.key(0), steps=3)
        >>> x, log_det = flow.forward(jnp.ones(8))
        >>> bool(jnp.allclose(flow.inverse(x)[0], 1.0, atol=1e-5))
        True
    """

    start: Diagonal
    leapfrog: Leapfrog
    drift: Velocity
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        score: Score,
        target_dim: int,
        *,
        key: PRNGKeyArray,
        steps: int,
        step_size: float = 0.1,
        width: int = 64,
        dtype: DTypeLike = jnp.float32,
    ):
        self.leapfrog = Leapfrog(score, target_dim, steps=steps, step_size=step_size, dtype=dtype)
        self.start = Diagonal(target_dim, dtype=dtype)
        self.drift = Velocity(target_dim, key=key, width=width, dtype=dtype)
        self.dim = (steps + 1) * target_dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Walk from the start's draw to the target's; keep the noise of the way back."""
        z0, noise = self._split(z)
        x0, log_det = self.start.forward(z0)
        push = self._push()

        def walk(x, inputs):
            xi, (before, after), step = inputs
            x, rho = self.leapfrog.advance(x, xi + push(before, x, step), step, self.start)
            return x, jnp.exp(step.log_gain) * push(after, x, step) - rho

        inputs = (noise, self._times(noise), self.leapfrog.schedule())
        x, noise = jax.lax.scan(walk, x0, inputs)
        return jnp.concatenate([x, noise.ravel()]), log_det + jnp.sum(self.leapfrog.log_gain())

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Walk back, from the last step to the first."""
        last, noise = self._split(x)
        push = self._push()

        def walk(x, inputs):
            kept, (before, after), step = inputs
            rho = jnp.exp(step.log_gain) * push(after, x, step) - kept
            x, xi = self.leapfrog.retreat(x, rho, step, self.start)
            return x, xi - push(before, x, step)

        inputs = (noise, self._times(noise), self.leapfrog.schedule())
        x0, noise = jax.lax.scan(walk, last, inputs, reverse=True)
        z0, log_det = self.start.inverse(x0)
        return jnp.concatenate([z0, noise.ravel()]), log_det - jnp.sum(self.leapfrog.log_gain())

    def _push(self):
        """Return what the drift adds to the momentum in half a step."""
        velocity = self.drift.function()
        return lambda t, x, step: 0.5 * step.delta * velocity(t, x)[0]

    def _times(self, noise):
        times = jnp.linspace(0, 1, len(noise) + 1, dtype=noise.dtype)
        return times[:-1], times[1:]

    def _split(self, point):
        D = self.start.dim
        return point[:D], point[D:].reshape(-1, D)
