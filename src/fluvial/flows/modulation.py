"""One layer in which the first coordinates modulate all the others."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.conditioner import Conditioner
from fluvial.flows.flow import Flow
from fluvial.flows.transformers import Affine

__all__ = ["Modulation", "check_heads"]

_REACH = 7.0  # a scale may change by e^±7: Neal's funnel needs e^±4.5 within 3 sd of its head
_FURTHEST = 20.0  # heads this far out, in their own standard deviations, say no more


def check_heads(heads: int, dim: int) -> None:
    """Check that there are heads and others.

    Raises:
        InputError: if there are not.
    """
    if not 1 <= heads < dim:
        raise InputError(
            f"heads={heads} in {dim} dimensions: a modulated flow needs at least 2 coordinates, "
            "at least one head, and at least one coordinate that is not a head."
        )


class Modulation(Flow):
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

    affine: Affine
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
        self.affine = Affine(_REACH, _REACH)
        outputs = self.affine.size * (dim - heads)
        self.conditioner = Conditioner(heads, outputs, key=key, width=width, depth=2, dtype=dtype)

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Scale and shift the rest, given the heads."""
        a, b = z[: self.heads], z[self.heads :]
        b, log_dets = self.affine.forward(b, self._parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it: the heads are unchanged, hence give the same scales and shifts."""
        a, b = x[: self.heads], x[self.heads :]
        b, log_dets = self.affine.inverse(b, self._parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)

    def _parameters(self, a: Float[Array, " H"]) -> Float[Array, "2 rest"]:
        seen = smoothly_bounded(a, _FURTHEST, _FURTHEST)
        return self.conditioner(seen).reshape(self.affine.size, self.dim - self.heads)
