"""The Sylvester flow, M planar flows at once, with an inverse."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.bounds import SOFTPLUS_IS_ONE, smoothly_bounded
from fluvial.flows.flow import Flow
from fluvial.flows.orthonormal import Frame, Reflected
from fluvial.flows.roots import tanh_root, tanh_slope

__all__ = ["Sylvester"]

_MAX_LOG_SLOPE = 5.0


class Sylvester(Flow):
    r"""A planar flow along M directions at once (van den Berg et al. 2018, eq. 9 and 13).

    .. math::
        x = z + Q R \tanh(\tilde R Q^\top z + b), \qquad
        |\det| = \prod_{i=1}^M \left(1 + r_{ii} \tilde r_{ii}\, \mathrm{sech}^2 s_i\right),
        \qquad s = \tilde R Q^\top z + b

    with Q of shape (D, M), its columns orthonormal, and R, R̃ upper triangular. Invertible if
    :math:`r_{ii} \tilde r_{ii} > -1` (their theorem 2). Since tanh is odd, :math:`\tilde r_{ii}`
    may be taken positive; then :math:`r_{ii} = (k_i - 1) / \tilde r_{ii}` with
    :math:`k_i = \operatorname{softplus}(\cdot) > 0` is the constraint, nothing more, and each
    factor is :math:`k_i\,\mathrm{sech}^2 s_i + \tanh^2 s_i`, in which nothing cancels.

    Q is learned as a product of Householder reflections (their section 4.2) or by
    orthogonalizing a matrix (section 4.1): see ``fluvial.flows.orthonormal``.

    For the inverse, multiply the first equation by :math:`\tilde R Q^\top` and add b: with
    :math:`T = \tilde R R` and :math:`\rho = \tilde R Q^\top x + b`,

    .. math:: s_i + (k_i - 1) \tanh s_i = \rho_i - \sum_{j > i} T_{ij} \tanh s_j

    which from the last row up is one scalar root after the other, each with implicit gradients.
    Then :math:`z = x - Q R \tanh s`.

    It starts at the identity, at R = 0.

    Args:
        dim: D.
        key: decides the first Q, R̃ and b.
        columns: M, at least 1; at most D of them are used.
        frame: makes Q: called with D, M, ``key`` and ``dtype``.
        dtype: float32 or float64.

    Attributes:
        frame: gives Q.
        upper: shape (M, M); what is above its diagonal is R's.
        upper_tilde: shape (M, M); what is above its diagonal is R̃'s.
        raw_k: k before the softplus, shape (M,).
        raw_log_slope: the logarithm of R̃'s diagonal before it is bounded to ±5, shape (M,).
        b: shape (M,).

    Raises:
        InputError: if ``columns`` is below 1.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Sylvester
        >>> flow = Sylvester(3, key=jax.random.key(0), columns=2)
        >>> x, log_det = flow.forward(jnp.array([1.0, 2.0, 3.0]))
        >>> bool(jnp.allclose(x, jnp.array([1.0, 2.0, 3.0]), atol=1e-6))
        True
    """

    frame: Frame
    upper: Float[Array, "M M"]
    upper_tilde: Float[Array, "M M"]
    raw_k: Float[Array, " M"]
    raw_log_slope: Float[Array, " M"]
    b: Float[Array, " M"]
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        *,
        key: PRNGKeyArray,
        columns: int = 32,
        frame: Callable[..., Frame] = Reflected,
        dtype: DTypeLike = jnp.float32,
    ):
        if columns < 1:
            raise InputError(f"columns={columns}: a Sylvester flow needs at least 1.")
        M = min(columns, dim)
        frame_key, key = jax.random.split(key)
        self.frame = frame(dim, M, key=frame_key, dtype=dtype)
        noise = jax.random.normal(key, (M, M + 1), jnp.dtype(dtype))
        self.upper_tilde = noise[:, :-1] / math.sqrt(M)
        self.b = noise[:, -1]
        self.upper = jnp.zeros((M, M), dtype)
        self.raw_k = jnp.full(M, SOFTPLUS_IS_ONE, dtype)
        self.raw_log_slope = jnp.zeros(M, dtype)
        self.dim = dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Move z within the columns of Q."""
        Q, R, R_tilde, k = self._factors()
        t = jnp.tanh(R_tilde @ (Q.T @ z) + self.b)
        return z + Q @ (R @ t), jnp.sum(jnp.log(tanh_slope(k, t)))

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Solve for s from its last entry up, then move x back."""
        Q, R, R_tilde, k = self._factors()
        t = _triangular_tanh_root(R_tilde @ R, k, R_tilde @ (Q.T @ x) + self.b)
        return x - Q @ (R @ t), -jnp.sum(jnp.log(tanh_slope(k, t)))

    def _factors(self) -> tuple[Array, Array, Array, Array]:
        """Q, R, R̃ and k."""
        # Softplus underflows to 0, where the map would be flat at s = 0.
        k = jnp.maximum(jax.nn.softplus(self.raw_k), jnp.finfo(self.raw_k.dtype).eps)
        slope = jnp.exp(smoothly_bounded(self.raw_log_slope, _MAX_LOG_SLOPE, _MAX_LOG_SLOPE))
        R = jnp.triu(self.upper, 1) + jnp.diag((k - 1) / slope)
        R_tilde = jnp.triu(self.upper_tilde, 1) + jnp.diag(slope)
        return self.frame.columns(), R, R_tilde, k


def _triangular_tanh_root(
    T: Float[Array, "M M"], k: Float[Array, " M"], rho: Float[Array, " M"]
) -> Float[Array, " M"]:
    """Give tanh s, where s + T tanh s = ρ and T is upper triangular with diagonal k − 1."""

    def solve_row(t, row):
        index, T_row, k_row, rho_row = row
        # Entries not yet solved for are 0, this row's own among them: only j > i count.
        s = tanh_root(k_row, rho_row - jnp.sum(T_row * t))
        return jnp.where(jnp.arange(t.size) == index, jnp.tanh(s), t), None

    rows = (jnp.arange(rho.size), T, k, rho)
    return jax.lax.scan(solve_row, jnp.zeros_like(rho), rows, reverse=True)[0]
