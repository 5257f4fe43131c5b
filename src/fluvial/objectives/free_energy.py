r"""The free energy of a flow: the negative of the evidence lower bound.

With x = f(z), z ~ q0 = N(0, I) and q the density of x (Rezende & Mohamed 2015, eq. 15),

.. math:: F = E_{q_0}[\ln q(x) - \ln p(x)] = -\ln Z + \mathrm{KL}(q \| p / Z)

for an unnormalized p with normalizer Z. The annealed free energy (eq. 20) puts an inverse
temperature β before ln p; it is a bound only at β = 1.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding
from jaxtyping import Array, Float, Int, PRNGKeyArray

from fluvial.constants import LOG_2PI
from fluvial.flows import Flow, forward_with_score

__all__ = ["FreeEnergy", "FreeEnergyEstimate", "LogDensity", "base_log_prob", "flow_log_prob"]


@runtime_checkable
class LogDensity(Protocol):
    """Anything with a traceable log density of one point, such as a Target."""

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density at x, shape (D,), in nats."""
        ...


class FreeEnergyEstimate(NamedTuple):
    """A Monte Carlo estimate of a free energy.

    Attributes:
        free_energy: mean over the finite draws, in nats; its gradient is the one asked for.
        se: standard error of that mean, in nats (for antithetic draws, that of the pairs).
        nonfinite: how many draws had a density or a score that was not finite, and were left out.
    """

    free_energy: Float[Array, ""]
    se: Float[Array, ""]
    nonfinite: Int[Array, ""]


def base_log_prob(z: Float[Array, " D"]) -> Float[Array, ""]:
    """Log density of the standard normal base at z, shape (D,), in nats.

    Example:
        >>> base_log_prob(jnp.zeros(2)).round(4).item()
        -1.837...
    """
    return -0.5 * jnp.sum(z**2) - 0.5 * z.shape[0] * LOG_2PI


def flow_log_prob(flow: Flow, x: Float[Array, " D"]) -> Float[Array, ""]:
    r"""Normalized log density of a flow at x, shape (D,), in nats.

    .. math:: \ln q(x) = \ln q_0(f^{-1}(x)) + \ln|\det \partial f^{-1} / \partial x|
    """
    z, log_det = flow.inverse(x)
    return base_log_prob(z) + log_det


class FreeEnergy(eqx.Module):
    r"""Monte Carlo free energy with the path gradient ("sticking the landing").

    The total gradient of ln q(f_θ(z)) contains the score ∂ln q_θ(x)/∂θ, whose mean is zero and
    whose variance does not vanish even where q = p. Dropping it (Roeder et al. 2017,
    arXiv 1703.09194) leaves

    .. math:: \nabla_\theta F = E\left[(\nabla_x \ln q(x) - \beta \nabla_x \ln p(x))^\top
              \frac{\partial f_\theta(z)}{\partial \theta}\right]

    which is zero for every draw where q matches p. Scores enter as numbers, so that a draw whose
    score is not finite can be left out without poisoning the others, and p may be evaluated in
    another precision, or outside JAX.

    Args:
        draws: how many draws an estimate takes; even if ``antithetic``.
        antithetic: draw z and −z, which cancels the odd part of the noise.
        path: use the path gradient; otherwise the total gradient of eq. 15.
        rows: how the draws are split over devices; None leaves them where the flow is.

    Example:
        >>> from fluvial.flows import build_flow
        >>> from fluvial.targets import Target
        >>> target = Target(lambda x: -0.5 * jnp.sum(x**2), dim=2)
        >>> flow = build_flow("triangular", 2, key=jax.random.key(0))
        >>> objective = FreeEnergy(draws=64)
        >>> bool(abs(objective(flow, target, jax.random.key(1)) + 1.8379) < 1e-3)
        True
    """

    draws: int = 128
    antithetic: bool = True
    path: bool = True
    rows: NamedSharding | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        if self.draws < 2 or (self.antithetic and self.draws % 2):
            raise ValueError(f"draws must be an even number of at least 2, got {self.draws}.")

    def __call__(
        self, flow: Flow, target: LogDensity, key: PRNGKeyArray, beta: float | Array = 1.0
    ) -> Float[Array, ""]:
        """Estimate the free energy, in nats: the loss to minimize."""
        return self.estimate(flow, target, key, beta).free_energy

    def estimate(
        self, flow: Flow, target: LogDensity, key: PRNGKeyArray, beta: float | Array = 1.0
    ) -> FreeEnergyEstimate:
        """Estimate the free energy with its standard error, and count what was left out."""
        z = self._base_draws(key, flow)
        log_q, log_p = (self._path_terms if self.path else self._total_terms)(flow, target, z)
        return self._reduce(log_q - beta * log_p)

    def _base_draws(self, key, flow):
        count = self.draws // 2 if self.antithetic else self.draws
        z = jax.random.normal(key, (count, flow.dim), _dtype(flow))
        if self.antithetic:
            z = jnp.concatenate([z, -z])
        return z if self.rows is None else jax.lax.with_sharding_constraint(z, self.rows)

    def _path_terms(self, flow, target, z):
        x, log_det, score_q = jax.vmap(lambda z: forward_with_score(flow, z, -z))(z)
        log_q = jax.vmap(base_log_prob)(z) - jax.lax.stop_gradient(log_det)
        log_p, score_p = jax.vmap(jax.value_and_grad(target.log_prob))(jax.lax.stop_gradient(x))
        return _linear(log_q, score_q, x), _linear(log_p, score_p, x)

    def _total_terms(self, flow, target, z):
        x, log_det = jax.vmap(flow.forward)(z)
        log_p, score_p = jax.vmap(jax.value_and_grad(target.log_prob))(jax.lax.stop_gradient(x))
        return jax.vmap(base_log_prob)(z) - log_det, _linear(log_p, score_p, x)

    def _reduce(self, terms):
        finite = jnp.isfinite(terms)
        count = jnp.maximum(finite.sum(), 1).astype(terms.dtype)
        kept = jnp.where(finite, terms, 0.0)
        mean = kept.sum() / count
        deviations = jax.lax.stop_gradient(jnp.where(finite, terms - mean, 0.0))
        if self.antithetic:
            deviations = deviations[: self.draws // 2] + deviations[self.draws // 2 :]
        se = jnp.sqrt(jnp.sum(deviations**2)) / count
        return FreeEnergyEstimate(mean, se, jnp.sum(~finite).astype(jnp.int32))


def _linear(value, score, x):
    """A number whose value is ``value`` and whose gradient in x is ``score``, draw by draw.

    A draw with a value or score that is not finite becomes NaN in value, with zero gradient.
    """
    usable = jnp.isfinite(value) & jnp.all(jnp.isfinite(score), axis=1)
    score = jnp.where(usable[:, None], score, 0.0).astype(x.dtype)
    value = jnp.where(usable, value, jnp.nan).astype(x.dtype)
    return jax.lax.stop_gradient(value) + jnp.sum(
        jax.lax.stop_gradient(score) * (x - jax.lax.stop_gradient(x)), axis=1
    )


def _dtype(flow):
    """The floating dtype of a flow's parameters."""
    leaves = jax.tree.leaves(eqx.filter(flow, eqx.is_inexact_array))
    return leaves[0].dtype if leaves else jnp.zeros(()).dtype
