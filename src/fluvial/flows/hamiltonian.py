"""Hamiltonian flows: leapfrog steps of a point and its momentum, which is renewed in part."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.flow import Flow
from fluvial.flows.leapfrog import Leapfrog, Score
from fluvial.flows.linear import Diagonal

__all__ = ["Hamiltonian"]

_ANGLE = 1.0
"""Where training starts: with little noise many steps settled in local optima of the energy U4.
By symmetry the gradient is 0 at an angle of 0, where nothing is renewed."""


class Hamiltonian(Flow):
    r"""K leapfrog steps on a target's score, a bijection of R^{(K + 2) D}.

    The Hamiltonian flow of Rezende & Mohamed (2015, section 3.2): the pair of a point and a
    momentum follows :math:`H = -\ln p(x) + \tfrac12 \rho^\top\rho` (momenta in units of the
    square root of the masses, see ``Leapfrog``). Before each step the momentum is renewed in
    part (Horowitz 1991), and what it loses is kept, so that nothing is forgotten:

    .. math::
        x_0 &= \mu + \sigma z, \qquad \rho_0 = \nu + \tau \rho \\
        \rho &= \cos(\theta_k)\, \rho_{k-1} + \sin(\theta_k)\, \xi_k, \qquad
        \tilde\xi_k = \cos(\theta_k)\, \xi_k - \sin(\theta_k)\, \rho_{k-1} \\
        (x_k, \rho_k) &= \mathrm{leapfrog}_k(x_{k-1}, \rho), \qquad
        \ln|\det| = \sum_i \Bigl(\ln\sigma_i + \ln\tau_i + \sum_k \ln a_{k, i}\Bigr)

    A rotation of (ρ, ξ) leaves the standard normal and volumes as they are. At an angle of 0 the
    momentum goes on (Salimans et al. 2015, arXiv 1410.6460; Caterini et al. 2018, arXiv
    1805.11328); at π/2 each step has a new one, and this is a Langevin flow. Between them it is
    uncorrected Hamiltonian annealing (Geffner & Domke 2021, arXiv 2107.04150; Zhang et al. 2021,
    arXiv 2107.10211).

    The free energy against p(x) N(ρ, ξ̃; 0, 1), which is ``Extended(target)``, is minus a valid
    evidence lower bound for steps of any size, since the momentum and ξ̃ integrate to 1.

    Exact dynamics at the target's own temperature leave p(x) N(ρ; 0, 1) unchanged, and hence
    the free energy of any q too. What lowers it is that the temperatures fall on the way, and
    that momenta lose what x gives up in volume: to the gains, and to the noise.

    Trained are the start, and of the steps the sizes, masses, inverse temperatures, gains and
    angles.

    Args:
        score: the gradient of ln p at one point, (D,) to (D,); p need not be normalized.
        target_dim: D.
        steps: K.
        step_size: ε at the start.
        dtype: float32 or float64.

    Attributes:
        dim: (K + 2) D, of the extended space: a point, its momentum, and the noise.
        start: of the point, N(0, 1) to N(μ, σ²).
        push: of the momentum, N(0, 1) to N(ν, τ²).
        angles: θ, shape (K,).
        leapfrog: the steps.

    Raises:
        InputError: if ``target_dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Hamiltonian
        >>> flow = Hamiltonian(lambda x: -x, 2, steps=3)
        >>> x, log_det = flow.forward(jnp.ones(10))
        >>> bool(jnp.allclose(flow.inverse(x)[0], 1.0, atol=1e-5))
        True
    """

    start: Diagonal
    push: Diagonal
    angles: Float[Array, " K"]
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
        self.push = Diagonal(target_dim, dtype=dtype)
        self.angles = jnp.full(steps, _ANGLE, dtype)
        self.dim = (steps + 2) * target_dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Move the start and its momentum by K steps."""
        z0, rho, noise = self._split(z)
        x, log_det = self.start.forward(z0)
        rho, log_det_rho = self.push.forward(rho)

        def step(pair, inputs):
            x, rho = pair
            xi, angle, one = inputs
            rho, kept = _rotated(rho, xi, angle)
            return self.leapfrog.advance(x, rho, one, self.start), kept

        inputs = (noise, self.angles, self.leapfrog.schedule())
        (x, rho), noise = jax.lax.scan(step, (x, rho), inputs)
        log_det = log_det + log_det_rho + jnp.sum(self.leapfrog.log_gain())
        return jnp.concatenate([x, rho, noise.ravel()]), log_det

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo the steps, from the last to the first."""
        last, rho, noise = self._split(x)

        def step(pair, inputs):
            kept, angle, one = inputs
            x, rho = self.leapfrog.retreat(pair[0], pair[1], one, self.start)
            rho, xi = _rotated(rho, kept, -angle)
            return (x, rho), xi

        inputs = (noise, self.angles, self.leapfrog.schedule())
        (first, rho), noise = jax.lax.scan(step, (last, rho), inputs, reverse=True)
        z, log_det = self.start.inverse(first)
        rho, log_det_rho = self.push.inverse(rho)
        log_det = log_det + log_det_rho - jnp.sum(self.leapfrog.log_gain())
        return jnp.concatenate([z, rho, noise.ravel()]), log_det

    def _split(self, point):
        D = self.start.dim
        return point[:D], point[D : 2 * D], point[2 * D :].reshape(-1, D)


def _rotated(rho, xi, angle):
    c, s = jnp.cos(angle), jnp.sin(angle)
    return c * rho + s * xi, c * xi - s * rho
