"""Affine maps that are learned: one scale a coordinate, or a triangular matrix."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.flow import Flow

__all__ = ["Diagonal", "Triangular"]

# A scale stays between exp(-10) and exp(10): far beyond what is left to scale once a target
# is whitened, and near enough that products of a few scales stay finite in float32.
_MAX_LOG_SCALE = 10.0


def _log_scale(raw: Float[Array, " D"]) -> Float[Array, " D"]:
    return smoothly_bounded(raw, _MAX_LOG_SCALE, _MAX_LOG_SCALE)


class Diagonal(Flow):
    r"""A shift and a positive scale for each coordinate. Starts at the identity.

    .. math:: x_i = e^{s_i} z_i + t_i, \qquad \ln|\det| = \sum_i s_i

    with :math:`s_i` smoothly bounded to ±10. Applied to N(0, I) this is the mean-field
    Gaussian; it is also the diagonal scaling that closes NICE (Dinh et al. 2015, section 3.3).

    Args:
        dim: D.
        dtype: float32 or float64.

    Attributes:
        shift: t, shape (D,).
        raw_log_scale: s before it is bounded, shape (D,).

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Diagonal
        >>> x, log_det = Diagonal(2).forward(jnp.array([1.0, -3.0]))
        >>> x
        Array([ 1., -3.], dtype=float32)
    """

    shift: Float[Array, " D"]
    raw_log_scale: Float[Array, " D"]
    dim: int = eqx.field(static=True)

    def __init__(self, dim: int, *, dtype: DTypeLike = jnp.float32):
        self.shift = jnp.zeros(dim, dtype)
        self.raw_log_scale = jnp.zeros(dim, dtype)
        self.dim = dim

    def scale(self) -> Float[Array, " D"]:
        """Give the scales e^s, shape (D,)."""
        return jnp.exp(_log_scale(self.raw_log_scale))

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Scale, then shift."""
        s = _log_scale(self.raw_log_scale)
        return jnp.exp(s) * z + self.shift, jnp.sum(s)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Shift back, then scale back."""
        s = _log_scale(self.raw_log_scale)
        return jnp.exp(-s) * (x - self.shift), -jnp.sum(s)


class Triangular(Flow):
    r"""A shift and a lower-triangular matrix with positive diagonal. Starts at the identity.

    .. math:: x = L z + t, \qquad L_{ii} = e^{s_i}, \qquad \ln|\det| = \sum_i s_i

    with :math:`s_i` smoothly bounded to ±10. Applied to N(0, I) this is the Gaussian of full
    rank, with covariance :math:`L L^\top`.

    Args:
        dim: D.
        dtype: float32 or float64.

    Attributes:
        shift: t, shape (D,).
        raw_log_scale: s before it is bounded, shape (D,).
        lower: shape (D, D); what is below its diagonal is L's, the rest is not used.

    Example:
        >>> import equinox as eqx, jax.numpy as jnp
        >>> from fluvial.flows import Triangular
        >>> lower = jnp.array([[0.0, 0.0], [0.5, 0.0]])
        >>> flow = eqx.tree_at(lambda f: f.lower, Triangular(2), lower)
        >>> x, log_det = flow.forward(jnp.array([2.0, 3.0]))
        >>> x
        Array([2., 4.], dtype=float32)
    """

    shift: Float[Array, " D"]
    raw_log_scale: Float[Array, " D"]
    lower: Float[Array, "D D"]
    dim: int = eqx.field(static=True)

    def __init__(self, dim: int, *, dtype: DTypeLike = jnp.float32):
        self.shift = jnp.zeros(dim, dtype)
        self.raw_log_scale = jnp.zeros(dim, dtype)
        self.lower = jnp.zeros((dim, dim), dtype)
        self.dim = dim

    def scale(self) -> Float[Array, " D"]:
        """Give the diagonal of L, shape (D,)."""
        return jnp.exp(_log_scale(self.raw_log_scale))

    def of(self, matrix: Float[np.ndarray, "D D"], shift: Float[np.ndarray, " D"]) -> "Triangular":
        """Return the flow of this dtype with another L, whose diagonal is positive, and t."""
        flow, dtype = Triangular(self.dim, dtype=self.shift.dtype), self.shift.dtype
        log_scale = np.clip(np.log(np.diag(matrix)) / _MAX_LOG_SCALE, -0.999, 0.999)
        raw = _MAX_LOG_SCALE * np.arctanh(log_scale)
        return eqx.tree_at(
            lambda f: (f.shift, f.raw_log_scale, f.lower),
            flow,
            tuple(jnp.asarray(a, dtype) for a in (shift, raw, matrix)),
        )

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by L, then shift."""
        L, s = self._matrix()
        return L @ z + self.shift, jnp.sum(s)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Shift back, then solve L z = x − t from the top row down."""
        L, s = self._matrix()
        # L is shared by a batch and so is its inverse under vmap, where one solve for each point
        # would not be.
        inverse = solve_triangular(L, jnp.eye(self.dim, dtype=L.dtype), lower=True)
        return inverse @ (x - self.shift), -jnp.sum(s)

    def _matrix(self) -> tuple[Float[Array, "D D"], Float[Array, " D"]]:
        s = _log_scale(self.raw_log_scale)
        return jnp.tril(self.lower, -1) + jnp.diag(jnp.exp(s)), s
