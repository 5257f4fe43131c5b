"""A given orthogonal map."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float

from fluvial.flows.fixed import Fixed
from fluvial.flows.flow import Flow

__all__ = ["Rotation"]


class Rotation(Flow):
    r"""A given orthogonal map, never trained.

    .. math:: x = Q z, \qquad Q^\top Q = 1, \qquad \ln|\det| = 0

    ``Orthogonal`` draws a random one. Stored in float32, Q is orthogonal to about 1e-7, and so
    exact is the inverse.

    Args:
        matrix: Q, shape (D, D).
        dtype: float32 or float64, of the stored Q.

    Example:
        >>> import jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import Rotation
        >>> quarter = Rotation(np.array([[0.0, -1.0], [1.0, 0.0]]))
        >>> quarter.forward(jnp.array([1.0, 0.0]))[0]
        Array([0., 1.], dtype=float32)
    """

    stored: Fixed
    dim: int = eqx.field(static=True)

    def __init__(self, matrix: Float[np.ndarray, "D D"], *, dtype: DTypeLike = jnp.float32):
        self.stored = Fixed(jnp.asarray(matrix, dtype))
        self.dim = len(matrix)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by Q; the log determinant is 0."""
        return _product(self.stored.value.astype(z.dtype), z), jnp.zeros((), z.dtype)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by Qᵀ; the log determinant is 0."""
        return _product(self.stored.value.astype(x.dtype).T, x), jnp.zeros((), x.dtype)


def _product(matrix: Float[Array, "D D"], point: Float[Array, " D"]) -> Float[Array, " D"]:
    # Half the digits are what accelerators multiply with by default: not enough for an inverse.
    return jnp.matmul(matrix, point, precision=jax.lax.Precision.HIGHEST)
