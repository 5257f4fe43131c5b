"""Rotations and reflections: a fixed random orthogonal map, and learned reflections."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.flows.fixed import Fixed
from fluvial.flows.flow import Flow

__all__ = ["Householder", "Orthogonal"]


class Orthogonal(Flow):
    r"""A fixed random orthogonal map.

    .. math:: x = Q z, \qquad Q^\top Q = 1, \qquad \ln|\det| = 0

    Q is drawn uniformly (from the Haar measure) once, or given, and is never trained.

    Args:
        dim: D.
        key: decides Q.
        dtype: float32 or float64, of the stored Q.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Orthogonal
        >>> x, log_det = Orthogonal(3, key=jax.random.key(0)).forward(jnp.array([3.0, 0.0, 4.0]))
        >>> bool(jnp.isclose(jnp.linalg.norm(x), 5.0))
        True
    """

    stored: Fixed
    dim: int = eqx.field(static=True)

    def __init__(self, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike = jnp.float32):
        self.stored = Fixed(jax.random.orthogonal(key, dim, dtype=jnp.dtype(dtype)))
        self.dim = dim

    def of(self, matrix: Float[np.ndarray, "D D"]) -> "Orthogonal":
        """Return the flow of this dtype with another Q, which is orthogonal."""
        kept = Fixed(jnp.asarray(matrix, self.stored.value.dtype))
        return eqx.tree_at(lambda f: f.stored, self, kept)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Rotate z by Q; the log determinant is 0."""
        return _product(self._matrix(z.dtype), z), jnp.zeros((), z.dtype)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Rotate x by Qᵀ; the log determinant is 0."""
        return _product(self._matrix(x.dtype).T, x), jnp.zeros((), x.dtype)

    def _matrix(self, dtype: DTypeLike) -> Float[Array, "D D"]:
        # One Newton-Schulz step, Q <- (3Q - QQᵀQ)/2, squares the distance to orthogonality:
        # points in float64 meet a Q stored in float32 without losing digits of the inverse.
        Q = self.stored.value.astype(dtype)
        return 1.5 * Q - 0.5 * _product(_product(Q, Q.T), Q)


def _product(A: Array, B: Array) -> Array:
    return jnp.matmul(A, B, precision=jax.lax.Precision.HIGHEST)


class Householder(Flow):
    r"""A learned reflection in the plane orthogonal to v.

    .. math:: x = z - 2 v \frac{v^\top z}{\lVert v\rVert^2}, \qquad \ln|\det| = 0

    Volume preserving and its own inverse; D of them reach every orthogonal map (Tomczak &
    Welling 2016, eq. 6). A reflection is never near the identity. v = 0 is taken as
    no reflection.

    Args:
        dim: D.
        key: decides the first v, drawn from N(0, 1).
        dtype: float32 or float64.

    Attributes:
        v: the normal of the plane, shape (D,), of any length.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Householder
        >>> flow = Householder(2, key=jax.random.key(0))
        >>> z = jnp.array([1.0, 2.0])
        >>> bool(jnp.allclose(flow.forward(flow.forward(z)[0])[0], z, atol=1e-6))
        True
    """

    v: Float[Array, " D"]
    dim: int = eqx.field(static=True)

    def __init__(self, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike = jnp.float32):
        self.v = jax.random.normal(key, (dim,), jnp.dtype(dtype))
        self.dim = dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Reflect z; the log determinant is 0."""
        square = jnp.sum(self.v**2)
        usable = square > jnp.finfo(z.dtype).tiny
        scale = jnp.where(usable, 2 / jnp.where(usable, square, 1), 0)
        return z - self.v * (scale * jnp.sum(self.v * z)), jnp.zeros((), z.dtype)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Reflect x back: a reflection is its own inverse."""
        return self.forward(x)
