"""Orthonormal columns that are learned: products of reflections, or an orthogonalized matrix."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError

__all__ = ["Frame", "Orthogonalized", "Reflected"]


class Frame(eqx.Module):
    """M orthonormal columns of R^D, a smooth function of free parameters.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows.orthonormal import Orthogonalized
        >>> Q = Orthogonalized(5, 2, key=jax.random.key(0)).columns()
        >>> bool(jnp.allclose(Q.T @ Q, jnp.eye(2), atol=1e-6))
        True
    """

    @abstractmethod
    def columns(self) -> Float[Array, "D M"]:
        """Give Q, shape (D, M), with QᵀQ = 1."""


class Reflected(Frame):
    r"""The first M columns of a product of H Householder reflections, put together without a loop.

    .. math:: H_1 \cdots H_H = 1 - N^\top S^{-1} N, \qquad
        S = \tfrac12 \mathbb 1 + \text{strict upper triangle of } N N^\top

    with the unit normals in the rows of N (Joffrain et al. 2006, theorem 2). M reflections reach
    every Q up to signs; fewer are cheaper. A normal of 0 reflects nothing.

    Args:
        dim: D.
        count: M, at most D.
        key: decides the normals.
        reflections: H; M if it is None.
        dtype: float32 or float64.

    Attributes:
        normals: shape (H, D), of any length.

    Raises:
        InputError: if ``reflections`` is below 1.

    Example:
        >>> import jax
        >>> from fluvial.flows.orthonormal import Reflected
        >>> Reflected(5, 5, key=jax.random.key(0), reflections=2).normals.shape
        (2, 5)
    """

    normals: Float[Array, "H D"]
    count: int = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        count: int,
        *,
        key: PRNGKeyArray,
        reflections: int | None = None,
        dtype: DTypeLike = jnp.float32,
    ):
        H = count if reflections is None else reflections
        if H < 1:
            raise InputError(f"reflections={H}: at least 1 is needed.")
        self.normals = jax.random.normal(key, (H, dim), jnp.dtype(dtype))
        self.count = count

    def columns(self) -> Float[Array, "D M"]:
        """Multiply the reflections."""
        H, D = self.normals.shape
        square = jnp.sum(self.normals**2, axis=1, keepdims=True)
        usable = square > jnp.finfo(self.normals.dtype).tiny
        N = jnp.where(usable, self.normals / jnp.sqrt(jnp.where(usable, square, 1)), 0)
        S = jnp.triu(N @ N.T, 1) + 0.5 * jnp.eye(H, dtype=N.dtype)
        return jnp.eye(D, self.count, dtype=N.dtype) - N.T @ solve_triangular(S, N[:, : self.count])


class Orthogonalized(Frame):
    """The columns of a matrix made orthonormal, one after the other (Gram and Schmidt).

    By a QR factorization, the signs chosen so that R's diagonal is positive, which makes Q a
    smooth function of the matrix. van den Berg et al. (2018, section 4.1) iterate instead, and
    reach the columns' nearest orthonormal ones; both reach every Q.

    Args:
        dim: D.
        count: M, at most D.
        key: decides the matrix.
        dtype: float32 or float64.

    Attributes:
        matrix: shape (D, M), of full rank.
    """

    matrix: Float[Array, "D M"]

    def __init__(self, dim: int, count: int, *, key: PRNGKeyArray, dtype: DTypeLike = jnp.float32):
        self.matrix = jax.random.normal(key, (dim, count), jnp.dtype(dtype))

    def columns(self) -> Float[Array, "D M"]:
        """Orthogonalize."""
        Q, R = jnp.linalg.qr(self.matrix)
        diagonal = jnp.diagonal(R)
        return Q * jnp.where(diagonal < 0, -jnp.ones_like(diagonal), jnp.ones_like(diagonal))
