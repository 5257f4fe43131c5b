"""Autoregressive flows: each coordinate is transformed given those before it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.flows.flow import Flow
from fluvial.flows.made import MaskedConditioner
from fluvial.flows.transformers import Transformer

__all__ = ["Autoregressive"]


class Autoregressive(Flow):
    r"""One autoregressive layer, fast from z to x. Starts at the identity.

    The coordinates are put into an order, transformed, and put back:

    .. math:: y = M z, \qquad y'_i = \tau(y_i;\, c_i(y_1 \dots y_{i-1})), \qquad x = M^{-1} y'

    with τ an increasing map and c a masked network. The Jacobian is triangular, hence

    .. math:: \ln|\det| = \sum_i \ln \tau'(y_i;\, c_i)

    Forward, all coordinates are transformed at once: with an affine τ this is the inverse
    autoregressive flow, IAF (Kingma et al. 2016, eq. 9 and 10), made for variational inference.
    The inverse finds one coordinate after the other, in D passes of the network. Run backwards
    by ``Inverted`` it is the masked autoregressive flow, MAF (Papamakarios et al. 2017, eq. 3
    and 4), whose density is fast and whose draws are slow.

    Args:
        transformer: τ.
        mixing: M, a flow that preserves volume; its dimension D is the layer's.
        key: decides the network's hidden layers.
        width: units in a hidden layer, better not below D − 1.
        depth: number of hidden layers.
        dtype: float32 or float64.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Affine, Autoregressive, Permutation
        >>> layer = Autoregressive(Affine(), Permutation([1, 0, 2]), key=jax.random.key(0))
        >>> layer.forward(jnp.array([1.0, 2.0, 3.0]))[0]
        Array([1., 2., 3.], dtype=float32)
    """

    transformer: Transformer
    mixing: Flow
    conditioner: MaskedConditioner
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        transformer: Transformer,
        mixing: Flow,
        *,
        key: PRNGKeyArray,
        width: int = 64,
        depth: int = 2,
        dtype: DTypeLike = jnp.float32,
    ):
        self.dim = mixing.dim
        self.transformer = transformer
        self.mixing = mixing
        self.conditioner = MaskedConditioner(
            self.dim, transformer.size, key=key, width=width, depth=depth, dtype=dtype
        )

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Transform all coordinates at once."""
        y, _ = self.mixing.forward(z)
        y, log_dets = self.transformer.forward(y, self.conditioner(y))
        return self.mixing.inverse(y)[0], jnp.sum(log_dets)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Find one coordinate after the other."""
        target, _ = self.mixing.forward(x)

        def find(carry, index):
            y, log_dets = carry
            found = self.transformer.inverse(target, self.conditioner(y))
            here = jnp.arange(self.dim) == index
            return (jnp.where(here, found[0], y), jnp.where(here, found[1], log_dets)), None

        # Coordinates not yet found stay 0: a masked weight of 0 times infinity would be NaN.
        start = (jnp.zeros_like(x), jnp.zeros_like(x))
        (y, log_dets), _ = jax.lax.scan(find, start, jnp.arange(self.dim))
        return self.mixing.inverse(y)[0], jnp.sum(log_dets)
