"""Fixed permutations of the coordinates, and the splits that couplings alternate over."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from fluvial.errors import InputError
from fluvial.flows.flow import Flow

__all__ = ["Permutation", "riffled_orders"]


class Permutation(Flow):
    r"""A fixed reordering of the coordinates.

    .. math:: x_i = z_{\pi(i)}, \qquad \ln|\det| = 0

    The order is an array of integers, so that it is never trained and that layers with
    different orders can be stacked.

    Args:
        order: π, the numbers 0 .. D−1, each of them once.

    Raises:
        InputError: if ``order`` is not a permutation.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Permutation
        >>> x, log_det = Permutation([2, 0, 1]).forward(jnp.array([10.0, 20.0, 30.0]))
        >>> x
        Array([30., 10., 20.], dtype=float32)
    """

    order: Int[Array, " D"]
    inverse_order: Int[Array, " D"]
    dim: int = eqx.field(static=True)

    def __init__(self, order: Sequence[int] | np.ndarray | Array):
        if isinstance(order, Tracer):  # its values cannot be looked at yet
            inverse_order = jnp.argsort(order)
        else:
            inverse_order = np.argsort(order)
            if np.any(np.asarray(order)[inverse_order] != np.arange(len(order))):
                raise InputError(f"order is {order}: give the numbers 0 .. D-1, each of them once.")
        self.order = jnp.asarray(order, jnp.int32)
        self.inverse_order = jnp.asarray(inverse_order, jnp.int32)
        self.dim = len(order)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Reorder z; the log determinant is 0."""
        return z[self.order], jnp.zeros((), z.dtype)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Put x back in its first order; the log determinant is 0."""
        return x[self.inverse_order], jnp.zeros((), x.dtype)


def riffled_orders(dim: int, layers: int) -> list[np.ndarray]:
    """Orders of the coordinates that bring every pair into opposite halves soon.

    A coupling lets the first half of the coordinates, in its order, act on the second half.
    Layers come in pairs: the second of a pair has the first one's order reversed, so that what
    acted is acted upon. From pair to pair the order is riffled (every other coordinate, then
    the rest). For D = 2^m the j-th pair thus splits by the j-th binary digit of the
    coordinate's number, and after m pairs every coordinate has acted on every other. Random
    splits need about twice as many layers for that, and fixed halves never get there.

    Args:
        dim: number of coordinates D.
        layers: number of orders.

    Returns:
        A list of ``layers`` integer arrays of shape (D,).

    Example:
        >>> from fluvial.flows.permutation import riffled_orders
        >>> [order.tolist() for order in riffled_orders(4, 3)]
        [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3]]
    """
    orders = []
    order = np.arange(dim)
    while len(orders) < layers:
        orders += [order, order[::-1]]
        order = np.concatenate([order[0::2], order[1::2]])
    return orders[:layers]
