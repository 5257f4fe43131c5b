r"""A target with auxiliary coordinates, for flows that need room for noise or momentum.

A flow of R^{D + A} that approximates

.. math:: \bar p(x, a) = p(x)\, N(a; 0, 1), \qquad
          \int\!\!\int \bar p(x, a)\,dx\,da = \int p(x)\,dx = Z

has a free energy that still bounds ln Z, since the normalizers are one and the same:

.. math:: -F = \ln Z - \mathrm{KL}(\bar q \,\|\, \bar p / Z) \le \ln Z - \mathrm{KL}(q \,\|\, p / Z)

where q is the marginal of x: forgetting a cannot raise a divergence. So the draws of x are at
least as good as the bound says (Salimans et al. 2015, arXiv 1410.6460).
"""

import equinox as eqx
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.objectives.free_energy import LogDensity, base_log_prob

__all__ = ["Extended"]


class Extended(eqx.Module):
    """The log density of a target and of standard normal auxiliary coordinates with it.

    Args:
        target: what is approximated, on R^D.
        target_dim: D.
        dim: D + A, of the extended space; that of a ``Langevin``, ``Hamiltonian`` or
            ``Controlled`` flow.

    Raises:
        InputError: if ``dim`` is below ``target_dim``.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> target = Target(lambda x: -jnp.sum(x**2), dim=2)
        >>> extended = Extended(target, 2, 3)
        >>> extended.log_prob(jnp.array([1.0, 0.0, 0.0])).round(4).item()
        -1.918...
    """

    target: LogDensity
    target_dim: int = eqx.field(static=True)
    dim: int = eqx.field(static=True)

    def __check_init__(self):
        if self.dim < self.target_dim:
            raise InputError(
                f"an extended space of {self.dim} coordinates cannot hold the target's "
                f"{self.target_dim}: give the dimension of the flow."
            )

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of a target's point followed by auxiliary coordinates."""
        D = self.target_dim
        log_p = self.target.log_prob(x[:D])
        return log_p + base_log_prob(x[D:]).astype(log_p.dtype)
