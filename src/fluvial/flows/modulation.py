"""One layer in which the first coordinates modulate all the others."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.flows.conditioner import Conditioner
from fluvial.flows.heads_first import HeadsFirst, check_heads

__all__ = ["Modulation"]


class Modulation(HeadsFirst):
    r"""Scale and shift all coordinates but the first H, given these. Starts at the identity.

    With a the first H coordinates, the heads, and b the rest,

    .. math:: x = (a,\; e^{S(a)} \odot b + t(a)), \qquad \ln|\det| = \sum_i S_i(a)

    where S and t come from one network. The network sees the heads smoothly bounded at 20, so that
    it stays finite wherever they are.

    Args:
        heads: H, at least 1 and less than D.
        dim: D.
        key: decides the network's hidden layers.
        width: units in each of its two hidden layers.
        dtype: float32 or float64.

    Raises:
        InputError: if there is no head, or nothing but heads.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Modulation
        >>> layer = Modulation(1, 3, key=jax.random.key(0))
        >>> layer.forward(jnp.array([1.0, 2.0, 3.0]))[0]
        Array([1., 2., 3.], dtype=float32)
    """

    conditioner: Conditioner
    heads: int = eqx.field(static=True)
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        heads: int,
        dim: int,
        *,
        key: PRNGKeyArray,
        width: int = 32,
        dtype: DTypeLike = jnp.float32,
    ):
        check_heads(heads, dim)
        self.heads = heads
        self.dim = dim
        outputs = 2 * (dim - heads)
        self.conditioner = Conditioner(heads, outputs, key=key, width=width, depth=2, dtype=dtype)

    def _parameters(self, seen: Float[Array, " H"]) -> Float[Array, "2 rest"]:
        return self.conditioner(seen).reshape(2, self.dim - self.heads)
