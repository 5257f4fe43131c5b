"""A network whose i-th outputs see the inputs before the i-th, and no other."""

import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, DTypeLike, Float, PRNGKeyArray

from fluvial.flows.conditioner import Conditioner

__all__ = ["MaskedConditioner"]


class MaskedConditioner(eqx.Module):
    r"""A conditioner with autoregressive masks, MADE (Germain et al. 2015, eq. 12 and 13).

    Every unit has a degree: inputs 1 .. D, the outputs for coordinate i the degree i, hidden
    units degrees from 1 to D − 1, spread evenly. A weight into a hidden unit survives if
    the degree does not fall along it, a weight into an output if it rises. Hence outputs for i
    depend on inputs 1 .. i − 1 only. A hidden layer wants no fewer than D − 1 units, so that
    every degree occurs.

    Args:
        dim: D.
        size: outputs for each coordinate.
        key: decides the hidden layers.
        width: units in a hidden layer.
        depth: number of hidden layers.
        dtype: float32 or float64.

    Attributes:
        net: the conditioner, of which the masked weights are not used.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows.made import MaskedConditioner
        >>> MaskedConditioner(3, 2, key=jax.random.key(0))(jnp.ones(3)).shape
        (2, 3)
    """

    net: Conditioner
    dim: int = eqx.field(static=True)
    size: int = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        size: int,
        *,
        key: PRNGKeyArray,
        width: int = 64,
        depth: int = 2,
        dtype: DTypeLike = jnp.float32,
    ):
        self.net = Conditioner(dim, size * dim, key=key, width=width, depth=depth, dtype=dtype)
        self.dim = dim
        self.size = size

    def __call__(self, z: Float[Array, " D"]) -> Float[Array, "size D"]:
        """Evaluate the masked network: the parameters of each coordinate, in columns."""
        masks, shortcut_mask = self._masks()
        weights = tuple(
            jnp.where(mask, W, 0) for mask, W in zip(masks, self.net.weights, strict=True)
        )
        shortcut = jnp.where(shortcut_mask, self.net.shortcut, 0)
        masked = eqx.tree_at(lambda net: (net.weights, net.shortcut), self.net, (weights, shortcut))
        return masked(z).reshape(self.size, self.dim)

    def _masks(self) -> tuple[list[Bool[np.ndarray, "_ _"]], Bool[np.ndarray, "_ _"]]:
        inputs = np.arange(1, self.dim + 1)
        outputs = np.tile(inputs, self.size)
        hidden = [1 + np.arange(b.size) * (self.dim - 1) // b.size for b in self.net.biases[:-1]]
        pairs = itertools.pairwise([inputs, *hidden])
        masks = [later[:, None] >= earlier for earlier, later in pairs]
        last = outputs[:, None] > (hidden[-1] if hidden else inputs)
        return [*masks, last], outputs[:, None] > inputs
