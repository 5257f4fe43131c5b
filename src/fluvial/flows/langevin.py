"""Langevin flows: unadjusted Langevin steps, a bijection once their noise is kept."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.flow import Flow
from fluvial.flows.leapfrog import Leapfrog, Score
from fluvial.flows.linear import Diagonal

__all__ = ["Langevin"]


class Langevin(Flow):
    r"""K steps of Langevin dynamics on a target's score, with their reverse kernels.

    Rezende & Mohamed (2015, section 3.2) name the diffusion :math:`dx = \nabla\ln p\,dt +
    \sqrt 2\,d\xi`, which turns any density into p, as a flow of infinitely many steps. In
    discrete steps, with :math:`h_k = \delta_k^2 / 2` and a score that is tempered from the
    Gaussian start to the target (see ``Leapfrog``),

    .. math::
        x_k = x_{k-1} + h_k\, s(x_{k-1}; \beta_k) + \sqrt{2 h_k}\,\xi_k, \qquad \xi_k \sim N(0, 1)

    and the step back has the same form, from :math:`x_k` with a noise
    :math:`\tilde\xi_k` of its own (Wu et al. 2020, arXiv 2002.06707; Thin et al. 2021,
    arXiv 2106.15921), an inverse temperature that lags, and a scale:

    .. math:: x_{k-1} = x_k + h_k\, s(x_k; \tilde\beta_k) + \sqrt{2 h_k}\,\tilde\xi_k / a_k.

    Both equations together make :math:`(x_{k-1}, \xi_k) \mapsto (x_k, \tilde\xi_k)` a bijection.
    It is one leapfrog step, the momentum turned at its end. The flow is the map

    .. math:: (z_0, \xi_1 \dots \xi_K) \mapsto (x_K, \tilde\xi_1 \dots \tilde\xi_K), \qquad
        x_0 = \mu + \sigma z_0, \qquad
        \ln|\det| = \sum_i \Bigl(\ln\sigma_i + \sum_k \ln a_{k, i}\Bigr)

    of R^{(K + 1) D}. Its free energy against p(x) N(ξ̃; 0, 1), which is ``Extended(target)``,
    is minus the evidence lower bound of unadjusted Langevin annealing: a valid bound for any
    step sizes, since ξ̃ integrates to 1. Draws of the target are the first D coordinates.

    Trained are μ, σ, and of the steps the sizes, masses, inverse temperatures and scales a.
    Nothing in it depends on anything else about p than its score, whose Hessian enters the
    gradients.

    Args:
        score: the gradient of ln p at one point, (D,) to (D,); p need not be normalized.
        target_dim: D.
        steps: K.
        step_size: δ at the start; the first h is half its square.
        dtype: float32 or float64.

    Attributes:
        dim: (K + 1) D, of the extended space.
        start: the map that takes N(0, 1) to N(μ, σ²).
        leapfrog: the steps.

    Raises:
        InputError: if ``target_dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Langevin
        >>> flow = Langevin(lambda x: -x, 2, steps=3)
        >>> x, log_det = flow.forward(jnp.ones(8))
        >>> bool(jnp.allclose(flow.inverse(x)[0], 1.0, atol=1e-5))
        True
    """

    start: Diagonal
    leapfrog: Leapfrog
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        score: Score,
        target_dim: int,
        *,
        steps: int,
        step_size: float = 0.1,
        dtype: DTypeLike = jnp.float32,
    ):
        self.leapfrog = Leapfrog(score, target_dim, steps=steps, step_size=step_size, dtype=dtype)
        self.start = Diagonal(target_dim, dtype=dtype)
        self.dim = (steps + 1) * target_dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Walk from the start's draw to the target's; keep the noise of the way back."""
        z0, noise = self._split(z)
        x0, log_det = self.start.forward(z0)

        def walk(x, inputs):
            xi, step = inputs
            x, rho = self.leapfrog.advance(x, xi, step, self.start)
            return x, -rho

        x, noise = jax.lax.scan(walk, x0, (noise, self.leapfrog.schedule()))
        return jnp.concatenate([x, noise.ravel()]), log_det + jnp.sum(self.leapfrog.log_gain())

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Walk back, from the last step to the first."""
        last, noise = self._split(x)

        def walk(x, inputs):
            rho, step = inputs
            return self.leapfrog.retreat(x, rho, step, self.start)

        x0, noise = jax.lax.scan(walk, last, (-noise, self.leapfrog.schedule()), reverse=True)
        z0, log_det = self.start.inverse(x0)
        return jnp.concatenate([z0, noise.ravel()]), log_det - jnp.sum(self.leapfrog.log_gain())

    def _split(self, point):
        D = self.start.dim
        return point[:D], point[D:].reshape(-1, D)
