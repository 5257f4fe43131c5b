"""Coordinates that do not depend on each other, each bent by a spline that is given."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float

from fluvial.errors import InputError
from fluvial.flows.fixed import Fixed
from fluvial.flows.flow import Flow
from fluvial.flows.spline import Knots

__all__ = ["Margins"]


class Margins(Flow):
    r"""A monotone rational-quadratic spline for each coordinate, through given knots.

    .. math:: x_i = g_i(z_i), \qquad \ln|\det| = \sum_i \ln g_i'(z_i)

    with the splines of ``RationalQuadratic``, the identity outside of [−B, B]. Where the margins
    of a density are known, :math:`g_i = F_i^{-1} \circ \Phi` gives each of them, whatever its
    shape. Nothing is trained.

    Args:
        z: the knots, increasing, from −B to B in every coordinate, shape (K + 1, D).
        x: where these are mapped to, likewise.
        slopes: :math:`g_i'` at them, positive, shape (K + 1, D).
        dtype: float32 or float64, of what is kept.

    Raises:
        InputError: if knots are not increasing, do not have the same ends, or a slope is not
            positive.

    Example:
        >>> import jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import Margins
        >>> z, x = np.array([[-4.0], [0.0], [4.0]]), np.array([[-4.0], [2.0], [4.0]])
        >>> Margins(z, x, np.ones((3, 1))).forward(jnp.array([0.0]))[0]
        Array([2.], dtype=float32)
    """

    z: Fixed
    x: Fixed
    slopes: Fixed
    bound: float = eqx.field(static=True)
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        z: Float[np.ndarray, "knots D"],
        x: Float[np.ndarray, "knots D"],
        slopes: Float[np.ndarray, "knots D"],
        *,
        dtype: DTypeLike = jnp.float32,
    ):
        kept = [np.asarray(knots, jnp.dtype(dtype)) for knots in (z, x, slopes)]
        bound = float(kept[0][-1, 0])
        ends = np.stack([knots[end] for knots in kept[:2] for end in (0, -1)])
        if not np.all(np.abs(ends) == bound) or not bound > 0.0:
            raise InputError("the knots of a spline must go from −B to B in every coordinate.")
        if not all(np.all(np.diff(knots, axis=0) > 0.0) for knots in kept[:2]):
            raise InputError("the knots of a spline must increase.")
        if not np.all(kept[2] > 0.0):
            raise InputError("the slopes of a spline must be positive.")
        self.z, self.x, self.slopes = (Fixed(jnp.asarray(knots)) for knots in kept)
        self.bound, self.dim = bound, z.shape[1]

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Evaluate the splines."""
        x, log_derivative = self._knots(z.dtype).forward(z, self.bound)
        return x, jnp.sum(log_derivative)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Solve the quadratic of the bin that each coordinate is in."""
        z, log_derivative = self._knots(x.dtype).inverse(x, self.bound)
        return z, jnp.sum(log_derivative)

    def _knots(self, dtype: DTypeLike) -> Knots:
        z, x, slopes = (knots.value.astype(dtype) for knots in (self.z, self.x, self.slopes))
        return Knots(z[:-1], x[:-1], jnp.diff(z, axis=0), jnp.diff(x, axis=0), slopes)
