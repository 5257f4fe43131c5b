r"""A Gaussian copula: coordinates that depend on each other as in a Gaussian, each bent by itself.

.. math:: x = g(C z), \qquad g_i(u) = e^{s_i} \sinh(\delta_i (\operatorname{arcsinh} u +
          \varepsilon_i)) + t_i

with C C^T a correlation matrix, which is given, and margins that are learned: cost and parameters
beyond those of a Gaussian are linear in D. It suits densities in which each coordinate has a term
of its own besides what couples them: counts or volatilities observed one by one, given a latent
field (Han et al. 2016, "Variational Gaussian copula inference").
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, DTypeLike, Float

from fluvial.errors import InputError
from fluvial.flows.fixed import Fixed
from fluvial.flows.flow import Chain, Flow
from fluvial.flows.linear import Diagonal
from fluvial.flows.sinh_arcsinh import SinhArcsinh

__all__ = ["FixedTriangular", "copula"]


class FixedTriangular(Flow):
    r"""A given lower triangular map, never trained: x = C z, ln|det| = Σ ln C_ii.

    Its inverse is kept with it, since gradients take both in every step.

    Args:
        matrix: C, shape (D, D), with a positive diagonal.
        dtype: float32 or float64, of what is kept.

    Raises:
        InputError: if the diagonal is not positive.

    Example:
        >>> import jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import FixedTriangular
        >>> fixed = FixedTriangular(np.array([[1.0, 0.0], [3.0, 2.0]]))
        >>> fixed.forward(jnp.array([1.0, 1.0]))[0]
        Array([1., 5.], dtype=float32)
    """

    matrix: Fixed
    undoing: Fixed
    dim: int = eqx.field(static=True)

    def __init__(self, matrix: Float[np.ndarray, "D D"], *, dtype: DTypeLike = jnp.float32):
        if not np.all(np.diag(matrix) > 0.0):
            raise InputError("the diagonal of a triangular map must be positive.")
        # The inverse is that of the matrix as it is kept, not as it was given.
        kept = np.tril(matrix).astype(jnp.dtype(dtype))
        undoing = scipy.linalg.solve_triangular(kept.astype(float), np.eye(len(kept)), lower=True)
        self.matrix = Fixed(jnp.asarray(kept))
        self.undoing = Fixed(jnp.asarray(undoing, dtype))
        self.dim = len(kept)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by C."""
        matrix = self.matrix.value.astype(z.dtype)
        return matrix @ z, jnp.sum(jnp.log(jnp.diagonal(matrix)))

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by the inverse of C, and once more for what rounding has left."""
        matrix, undoing = self.matrix.value.astype(x.dtype), self.undoing.value.astype(x.dtype)
        z = undoing @ x
        z = z + undoing @ (x - matrix @ z)
        return z, -jnp.sum(jnp.log(jnp.diagonal(matrix)))


def copula(
    dim: int,
    *,
    matrix: Float[np.ndarray, "D D"] | None = None,
    dtype: DTypeLike = jnp.float32,
) -> Chain:
    """Build a Gaussian copula, which starts at x = C z.

    Args:
        dim: D.
        matrix: C; the identity by default.
        dtype: float32 or float64.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.copula import copula
        >>> copula(2).forward(jnp.array([1.0, 2.0]))[0].round(4)
        Array([1., 2.], dtype=float32)
    """
    first = FixedTriangular(np.eye(dim) if matrix is None else matrix, dtype=dtype)
    return Chain([first, SinhArcsinh(dim, dtype=dtype), Diagonal(dim, dtype=dtype)])
