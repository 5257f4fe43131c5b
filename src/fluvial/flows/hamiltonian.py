"""Hamiltonian flows: leapfrog steps of a point and its momentum."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.flow import Flow
from fluvial.flows.leapfrog import Leapfrog, Score
from fluvial.flows.linear import Diagonal

__all__ = ["Hamiltonian"]


class Hamiltonian(Flow):
    r"""K leapfrog steps on a target's score, a bijection of (z, ρ) in R^{2D}.

    The Hamiltonian flow of Rezende & Mohamed (2015, section 3.2): the pair of a point and a
    momentum follows :math:`H = -\ln p(x) + \tfrac12 \rho^\top\rho` (momenta in units of the
    square root of the masses, see ``Leapfrog``),

    .. math::
        x_0 = \mu + \sigma z, \quad \rho_0 = \nu + \tau \rho, \qquad
        (x_k, \rho_k) = \mathrm{leapfrog}_k(x_{k-1}, \rho_{k-1}), \qquad
        \ln|\det| = \sum_i \ln\sigma_i + \ln\tau_i

    The leapfrog steps preserve volume exactly, whatever their size; the whole of the
    determinant is that of the start. The free energy against p(x) N(ρ; 0, 1), which is
    ``Extended(target)``, is minus a valid evidence lower bound, since the momentum integrates
    to 1 (Salimans et al. 2015, arXiv 1410.6460; Caterini et al. 2018, arXiv 1805.11328).

    Exact dynamics at the target's own temperature leave p(x) N(ρ; 0, 1) unchanged, and hence
    the free energy of any q too. What lowers it is that the temperatures fall on the way and
    that the scale of the first momentum is learned: what x gives up in volume, ρ takes.

    Trained are the start, step sizes, masses and inverse temperatures.

    Args:
        score: the gradient of ln p at one point, (D,) to (D,); p need not be normalized.
        target_dim: D.
        steps: K.
        step_size: ε at the start.
        dtype: float32 or float64.

    Attributes:
        dim: 2D, of the extended space; a point comes first, then its momentum.
        start: of the point, N(0, 1) to N(μ, σ²).
        push: of the momentum, N(0, 1) to N(ν, τ²).
        leapfrog: the steps.

    Raises:
        InputError: if ``target_dim`` or ``steps`` is below 1, or ``step_size`` is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Hamiltonian
        >>> flow = Hamiltonian(lambda x: -x, 2, steps=3)
        >>> x, log_det = flow.forward(jnp.array([1.0, 2.0, 0.0, 0.0]))
        >>> float(log_det)
        0.0
    """

    start: Diagonal
    push: Diagonal
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
        self.dim = 2 * target_dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Move the start and its momentum by K steps."""
        D = self.start.dim
        x, log_det = self.start.forward(z[:D])
        rho, log_det_rho = self.push.forward(z[D:])
        x, rho = self._steps(x, rho, backward=False)
        return jnp.concatenate([x, rho]), log_det + log_det_rho

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Turn the momentum, take the same steps in the opposite order, and turn it again."""
        D = self.start.dim
        first, turned = self._steps(x[:D], -x[D:], backward=True)
        z, log_det = self.start.inverse(first)
        rho, log_det_rho = self.push.inverse(-turned)
        return jnp.concatenate([z, rho]), log_det + log_det_rho

    def _steps(self, x, rho, *, backward):
        def step(pair, inputs):
            (x, rho), (delta, beta) = pair, inputs
            x, turned = self.leapfrog.reflected(x, rho, delta, beta, self.start)
            return (x, -turned), None

        return jax.lax.scan(step, (x, rho), self.leapfrog.schedule(), reverse=backward)[0]
