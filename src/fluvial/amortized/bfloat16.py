"""Products with weights, at full precision or with factors rounded to half the width."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float

__all__ = ["product"]

_HALF = "bfloat16"


def product(
    h: Float[Array | np.ndarray, " n"], W: Float[Array | np.ndarray, "n m"]
) -> Float[Array, " m"]:
    """Multiply a vector with a matrix of weights, h W.

    Within ``jax.default_matmul_precision("bfloat16")`` both factors are rounded to bfloat16, here
    and in the two products of the gradient, and sums are kept in float32. XLA for CPUs does not
    heed that setting, although such products run several times as fast where the processor has
    instructions for them.

    Args:
        h: shape (n,); batches are vmapped.
        W: shape (n, m), float32 for the half width.

    Example:
        >>> h, W = jnp.array([1.0, 1 / 3]), jnp.ones((2, 1))
        >>> with jax.default_matmul_precision("bfloat16"):
        ...     print(product(h, W))
        [1.3339844]
    """
    precision = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue]
    if precision == _HALF and W.dtype == jnp.float32:
        return _half_product(h, W)
    return jnp.matmul(h, W)


@custom_vmap
def _half_product(h: Float[Array, " n"], W: Float[Array, "n m"]) -> Float[Array, " m"]:
    return _rows_product(h[None], W)[0]


# The gradient's own rounding needs a custom_vjp, and that of one row would, vmapped, keep an outer
# product for each row before it sums them. So the rule is that of all rows together.
@_half_product.def_vmap
def _batched(size: int, in_batched: list[bool], h: Array, W: Array) -> tuple[Array, bool]:
    if in_batched[1]:
        rows = h[:, None] if in_batched[0] else jnp.broadcast_to(h, (size, 1, *h.shape))
        return jax.vmap(_rows_product)(rows, W)[:, 0], True
    return _rows_product(h, W), True


@jax.custom_vjp
def _rows_product(h: Float[Array, "rows n"], W: Float[Array, "n m"]) -> Float[Array, "rows m"]:
    return _rows_forward(h, W)[0]


def _rows_forward(h, W):
    h, W = h.astype(_HALF), W.astype(_HALF)
    return _contracted(h, W, 1, 0), (h, W)


def _rows_backward(factors, gradient):
    h, W = factors
    gradient = gradient.astype(_HALF)
    return _contracted(gradient, W, 1, 1), _summed_outer(h, gradient)


def _summed_outer(h: Float[Array, "rows n"], g: Float[Array, "rows m"]) -> Float[Array, "n m"]:
    """The sum over rows of h gᵀ, in two halves of h.

    XLA for CPUs gives a product to its half-width kernels only where the left factor is a slice of
    something transposed already; otherwise this one takes as long as in float32, four times as
    long.
    """
    transposed = jax.lax.optimization_barrier(h.T)
    halves = jnp.split(transposed, [h.shape[1] // 2])
    return jnp.concatenate([_contracted(half, g, 1, 0) for half in halves])


_rows_product.defvjp(_rows_forward, _rows_backward)


def _contracted(a: Array, b: Array, a_axis: int, b_axis: int) -> Array:
    axes = (((a_axis,), (b_axis,)), ((), ()))
    return jax.lax.dot_general(a, b, axes, preferred_element_type=jnp.float32)
