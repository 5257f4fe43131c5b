r"""A log density of many rows from some of them, with a second-order control variate.

With T the log density of all rows to second order around its mode θ*, δ = θ − θ*, f the log density
of B rows drawn at random, its likelihood scaled by N/B, and t the same to second order,

.. math:: \hat L(\theta) = T(\delta) + f(\theta) - t(\delta)

is unbiased, since f − t is so of what T lacks (Bardenet, Doucet & Holmes 2017, JMLR 18, section
7.2.2; Quiroz et al. 2019, JASA 114). Its variance is N²/B times that over rows of their remainders
of third order, which are small where the posterior is: δ shrinks with N as N^-1/2.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from fluvial.compiling import compiled
from fluvial.inference.rows.streamed_climb import Peak
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets.rows_density import RowsDensity

__all__ = ["ControlVariate", "remainder_variance"]


class ControlVariate(eqx.Module):
    """The estimate above, in the coordinates that whiten a Gaussian.

    Attributes:
        rows: the B rows.
        count: N.
        peak: θ*, value, gradient and Hessian of all rows there.
        mean: of the Gaussian.
        cholesky: its factor.
        log_prior: of one point.
        log_likelihood: of one point and a block of rows.
    """

    rows: PyTree
    count: int = eqx.field(static=True)
    peak: tuple[Float[Array, " D"], Float[Array, ""], Float[Array, " D"], Float[Array, "D D"]]
    mean: Float[Array, " D"]
    cholesky: Float[Array, "D D"]
    log_prior: Callable = eqx.field(static=True)
    log_likelihood: Callable = eqx.field(static=True)

    @classmethod
    def around(
        cls, stream: RowsDensity, peak: Peak, gaussian: Gaussian, rows: PyTree
    ) -> "ControlVariate":
        """Return the estimate of some rows; call it with 64-bit types enabled."""
        near = peak.quadratic
        return cls(
            jax.tree.map(jnp.asarray, rows),
            stream.count,
            (
                jnp.asarray(peak.point),
                jnp.asarray(near.value),
                jnp.asarray(near.gradient),
                jnp.asarray(near.hessian),
            ),
            jnp.asarray(gaussian.mean),
            jnp.asarray(gaussian.cholesky),
            stream.log_prior,
            stream.log_likelihood,
        )

    def on(self, rows: PyTree) -> "ControlVariate":
        """Return the estimate of other rows."""
        return eqx.tree_at(lambda estimate: estimate.rows, self, rows)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the estimate at whitened coordinates x, in nats, in float64."""
        point, value, gradient, hessian = self.peak
        delta = self.mean + self.cholesky @ x.astype(self.mean.dtype) - point
        whole = value + gradient @ delta + 0.5 * delta @ (hessian @ delta)
        volume = jnp.sum(jnp.log(jnp.diagonal(self.cholesky)))
        return whole + self._remainder(delta) + volume

    def _remainder(self, delta: Float[Array, " D"]) -> Float[Array, ""]:
        """What the rows' log density differs by from itself to second order, scaled to N rows."""
        point = self.peak[0]

        def along(t):
            return self._subset(point + t * delta)

        start, slope, curvature = _second_order(along)
        return self._subset(point + delta) - (start + slope + 0.5 * curvature)

    def _subset(self, theta: Float[Array, " D"]) -> Float[Array, ""]:
        with jax.numpy_dtype_promotion("standard"):
            terms = jnp.asarray(self.log_likelihood(theta, self.rows), theta.dtype)
        return self.log_prior(theta) + self.count / len(terms) * jnp.sum(terms)

    def row_remainders(self, x: Float[Array, " D"]) -> Float[Array, " B"]:
        """Return the remainder of third order of each row's log likelihood."""
        point = self.peak[0]
        delta = self.mean + self.cholesky @ x.astype(self.mean.dtype) - point

        def along(t):
            with jax.numpy_dtype_promotion("standard"):
                terms = self.log_likelihood(point + t * delta, self.rows)
            return jnp.asarray(terms, delta.dtype)

        start, slope, curvature = _second_order(along)
        return along(jnp.ones((), delta.dtype)) - (start + slope + 0.5 * curvature)


def _second_order(along: Callable) -> tuple[Array, Array, Array]:
    """Return the value of a function of t at 0, and its first two derivatives."""
    zero, one = jnp.zeros(()), jnp.ones(())

    def slope(t):
        return jax.jvp(along, (t,), (one,))

    (start, first), (_, second) = jax.jvp(slope, (zero,), (one,))
    return start, first, second


def remainder_variance(estimate: ControlVariate, z: Float[np.ndarray, "S D"]) -> float:
    """Return N² times the variance over rows of their remainders, of the median draw.

    Args:
        estimate: of a sample of rows.
        z: draws in whitened coordinates.
    """
    with jax.enable_x64(True):
        remainders = np.asarray(_remainders(estimate, jnp.asarray(z)))
    return float(estimate.count**2 * np.median(np.var(remainders, axis=1)))


@compiled
def _remainders(estimate: ControlVariate, z: Float[Array, "S D"]) -> Float[Array, "S B"]:
    return jax.lax.map(estimate.row_remainders, z)
