"""An elementwise layer that learns how heavy each coordinate's tails are."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.flow import Flow

__all__ = ["SinhArcsinh"]

_MAX_SKEW = 3.0
_MOST_EXPONENT = 3.0


class SinhArcsinh(Flow):
    r"""Heavier or lighter tails, and skewness, for each coordinate. Starts at the identity.

    .. math::
        x_i = \sinh y_i, \qquad y_i = \delta_i (a_i + \varepsilon_i), \qquad
        a_i = \operatorname{arcsinh} z_i

    Far out :math:`|x| \approx |2z|^\delta / 2`: an exponent δ > 1 makes tails heavier, δ < 1
    lighter, and ε ≠ 0 leans the density to one side. The derivative of sinh is cosh, and
    :math:`\cosh(\operatorname{arcsinh} z) = \sqrt{1 + z^2}`, hence

    .. math:: \ln\frac{dx_i}{dz_i} = \ln\delta_i + \ln\cosh y_i - \ln\cosh a_i

    in which nothing overflows, and the inverse :math:`z = \sinh(\operatorname{arcsinh}(x)/\delta
    - \varepsilon)`. Smooth bounds, δ in (1/3, 3) and ε in (−3, 3), keep x finite in float32
    out to |z| = 1e4 whatever the parameters.

    Source: Jones & Pewsey 2009, "Sinh-arcsinh distributions", Biometrika 96(4), eq. 1,
    solved for the variable that is not normal; δ here is one over theirs.

    Args:
        dim: D.
        most_exponent: of δ, whose least is one over that; less than 3 where other layers stretch
            points as well.
        dtype: float32 or float64.

    Attributes:
        raw_skew: ε before it is bounded, shape (D,).
        raw_log_exponent: ln δ before it is bounded, shape (D,).

    Example:
        >>> import equinox as eqx, jax.numpy as jnp
        >>> from fluvial.flows import SinhArcsinh
        >>> heavy = eqx.tree_at(lambda f: f.raw_log_exponent, SinhArcsinh(1), jnp.array([0.5]))
        >>> x, log_det = heavy.forward(jnp.array([5.0]))
        >>> bool(x[0] > 15.0)
        True
    """

    raw_skew: Float[Array, " D"]
    raw_log_exponent: Float[Array, " D"]
    dim: int = eqx.field(static=True)
    max_log_exponent: float = eqx.field(static=True)

    def __init__(
        self, dim: int, *, most_exponent: float = _MOST_EXPONENT, dtype: DTypeLike = jnp.float32
    ):
        self.raw_skew = jnp.zeros(dim, dtype)
        self.raw_log_exponent = jnp.zeros(dim, dtype)
        self.dim = dim
        self.max_log_exponent = math.log(most_exponent)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Stretch or shrink the tails of each coordinate."""
        skew, log_exponent = self._bounded()
        a = jnp.arcsinh(z)
        y = jnp.exp(log_exponent) * (a + skew)
        return jnp.sinh(y), jnp.sum(log_exponent + _log_cosh(y) - _log_cosh(a))

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo the stretching; the same formula read backwards."""
        skew, log_exponent = self._bounded()
        y = jnp.arcsinh(x)
        a = jnp.exp(-log_exponent) * y - skew
        return jnp.sinh(a), jnp.sum(_log_cosh(a) - _log_cosh(y) - log_exponent)

    def _bounded(self) -> tuple[Float[Array, " D"], Float[Array, " D"]]:
        skew = smoothly_bounded(self.raw_skew, _MAX_SKEW, _MAX_SKEW)
        log_exponent = smoothly_bounded(
            self.raw_log_exponent, self.max_log_exponent, self.max_log_exponent
        )
        return skew, log_exponent


def _log_cosh(y: Float[Array, " D"]) -> Float[Array, " D"]:
    # Without |y|, whose derivatives at 0 would have to cancel.
    return jnp.logaddexp(y, -y) - math.log(2.0)
