"""Shuffles of the coordinates that are the same in every layer, and so cost next to nothing."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.flow import Flow

__all__ = ["Riffle", "riffle_for"]

_TURNED = ("nothing", "half", "all")


class Riffle(Flow):
    r"""The second half of the coordinates interleaved with the first, like a deck of cards.

    With a the first ⌊D/2⌋ coordinates and b the rest,

    .. math:: x = (b_1, a_1, b_2, a_2, \dots), \qquad \ln|\det| = 0

    Between couplings it brings coordinates of one half into opposite halves: for D = 2^m, layer
    l splits by the l-th binary digit of a coordinate's number, and after m layers by the same
    digits in the other sense. Unlike a ``Permutation`` it has no array of indices, so that its
    derivative is a reshaping rather than a scatter.

    Args:
        dim: D.
        turned: what is turned round besides: "nothing", b ("half"), or x ("all").

    Raises:
        InputError: if ``turned`` is none of these.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Riffle
        >>> Riffle(5).forward(jnp.array([1.0, 2.0, 3.0, 4.0, 5.0]))[0]
        Array([3., 1., 4., 2., 5.], dtype=float32)
    """

    dim: int = eqx.field(static=True)
    turned: str = eqx.field(static=True, default="nothing")

    def __check_init__(self):
        if self.turned not in _TURNED:
            raise InputError(f"turned is {self.turned!r}: give one of {_TURNED}.")

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Interleave the halves of z; the log determinant is 0."""
        half = self.dim // 2
        a, b = z[:half], z[half:]
        b = b[::-1] if self.turned == "half" else b
        pairs = jnp.stack([b[:half], a], axis=1).reshape(2 * half)
        x = jnp.concatenate([pairs, b[half:]])
        return (x[::-1] if self.turned == "all" else x), jnp.zeros((), z.dtype)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Take the halves of x apart; the log determinant is 0."""
        x = x[::-1] if self.turned == "all" else x
        b, a = x[0::2], x[1::2]
        b = b[::-1] if self.turned == "half" else b
        return jnp.concatenate([a, b]), jnp.zeros((), x.dtype)


def riffle_for(dim: int, layers: int) -> tuple[Riffle, np.ndarray]:
    """Choose the riffle under which most coordinates act on most others, and what undoes it.

    A layer lets the first half act on the second, and is followed by the riffle. Of the three
    riffles the one is chosen by which, after all layers, most ordered pairs have been apart.

    Args:
        dim: number of coordinates D.
        layers: number of layers K.

    Returns:
        The riffle, and the order, shape (D,), that undoes K of them.

    Example:
        >>> from fluvial.flows.riffle import riffle_for
        >>> riffle, order = riffle_for(4, 4)
        >>> riffle.turned, order.tolist()
        ('nothing', [0, 1, 2, 3])
    """
    tried = [(_orders(Riffle(dim, turned), layers), turned) for turned in _TURNED]
    orders, turned = max(tried, key=lambda each: _share_of_pairs(each[0][:-1]))
    return Riffle(dim, turned), np.argsort(orders[-1])


def _orders(riffle: Riffle, layers: int) -> list[np.ndarray]:
    """Where each coordinate is before each layer, and after the last."""
    half = riffle.dim // 2
    order = np.arange(riffle.dim)
    orders = [order]
    for _ in range(layers):
        a, b = order[:half], order[half:]
        order = np.empty_like(order)
        order[0::2], order[1::2] = (b[::-1] if riffle.turned == "half" else b), a
        order = order[::-1] if riffle.turned == "all" else order
        orders.append(order)
    return orders


def _share_of_pairs(orders: list[np.ndarray]) -> float:
    dim = len(orders[0])
    met = np.eye(dim, dtype=bool)
    for order in orders:
        met[np.ix_(order[: dim // 2], order[dim // 2 :])] = True
    return float(met.mean())
