"""One layer in which each coordinate is modulated by a few heads of its own."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float, Int, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.activation import silu
from fluvial.flows.heads_first import HeadsFirst, check_heads

__all__ = ["SparseModulation"]


class SparseModulation(HeadsFirst):
    r"""Scale and shift each coordinate but the first H, given a few of these. Starts at identity.

    With a the first H coordinates, the heads, b the rest, and p(j) the heads that act on b_j,

    .. math:: x_j = e^{S_j(a_{p(j)})}\, b_j + t_j(a_{p(j)}), \qquad \ln|\det| = \sum_j S_j

    Each j has a small network of its own, so that parameters and cost are linear in D: a
    ``Modulation`` whose network is sparse, for plates of groups that each have their own scale.

    Args:
        parents: the heads that act on each of the rest, by their index among the heads, shape
            (D − H, m); a head that stands twice counts once.
        heads: H.
        key: decides the networks' hidden layers.
        width: units in the one hidden layer of each network; 0 for none, so that S and t are linear
            in the heads.
        dtype: float32 or float64.

    Raises:
        InputError: if there is no head, nothing but heads, or a parent that is not a head.

    Example:
        >>> import jax, jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import SparseModulation
        >>> layer = SparseModulation(np.array([[0], [1]]), 2, key=jax.random.key(0))
        >>> layer.forward(jnp.array([1.0, 2.0, 3.0, 4.0]))[0]
        Array([1., 2., 3., 4.], dtype=float32)
    """

    parents: Int[Array, "rest m"]
    inner: Float[Array, "rest width m"]
    bias: Float[Array, "rest width"]
    outer: Float[Array, "2 rest width"]
    constant: Float[Array, "2 rest"]
    shortcut: Float[Array, "2 rest m"]
    heads: int = eqx.field(static=True)
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        parents: Int[np.ndarray, "rest m"],
        heads: int,
        *,
        key: PRNGKeyArray,
        width: int = 8,
        dtype: DTypeLike = jnp.float32,
    ):
        rest, several = parents.shape
        check_heads(heads, heads + rest)
        if width < 0:
            raise InputError(f"a network of {width} units cannot be built: give 0 or more.")
        if parents.min() < 0 or parents.max() >= heads:
            raise InputError(f"parents must be from 0 to {heads - 1}: these are the heads.")
        self.heads, self.dim = heads, heads + rest
        self.parents = jnp.asarray(parents, jnp.int32)
        noise = jax.random.normal(key, (rest, width, several + 1), jnp.dtype(dtype))
        self.inner = noise[..., 1:] / math.sqrt(several)
        self.bias = noise[..., 0]
        self.outer = jnp.zeros((2, rest, width), dtype)
        self.constant = jnp.zeros((2, rest), dtype)
        self.shortcut = jnp.zeros((2, rest, several), dtype)

    def _parameters(self, seen: Float[Array, " H"]) -> Float[Array, "2 rest"]:
        own = seen[self.parents]
        hidden = silu(jnp.einsum("rwm,rm->rw", self.inner, own) + self.bias)
        linear = jnp.einsum("crm,rm->cr", self.shortcut, own)
        return jnp.einsum("crw,rw->cr", self.outer, hidden) + self.constant + linear
