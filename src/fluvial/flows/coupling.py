"""Couplings: half of the coordinates decide what happens to the other half."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.conditioner import Conditioner
from fluvial.flows.flow import Flow
from fluvial.flows.transformers import Transformer

__all__ = ["Coupling"]


class Coupling(Flow):
    r"""One coupling layer. Starts at the identity.

    With a the first ⌊D/2⌋ coordinates and b the rest,

    .. math:: x = (a, \tau(b;\, c(a))), \qquad \ln|\det| = \sum_i \ln \tau'(b_i;\, c_i(a))

    where c is the conditioner and τ an increasing map of each coordinate; the inverse costs
    what the forward map costs. NICE is an additive τ (Dinh et al. 2015), RealNVP an affine one
    (Dinh et al. 2017, eq. 4), and a rational-quadratic spline makes neural spline flows (Durkan
    et al. 2019). Between layers the coordinates are shuffled, by ``Riffle`` or ``Conjugated``.

    Args:
        transformer: τ.
        dim: D.
        key: decides the conditioner's hidden layers.
        width: units in a hidden layer of the conditioner.
        depth: number of hidden layers of the conditioner.
        dtype: float32 or float64.

    Raises:
        InputError: if D is 1, where no half is left to decide.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Affine, Coupling
        >>> layer = Coupling(Affine(), 3, key=jax.random.key(0))
        >>> layer.forward(jnp.array([1.0, 2.0, 3.0]))[0]
        Array([1., 2., 3.], dtype=float32)
    """

    transformer: Transformer
    conditioner: Conditioner
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        transformer: Transformer,
        dim: int,
        *,
        key: PRNGKeyArray,
        width: int = 64,
        depth: int = 2,
        dtype: DTypeLike = jnp.float32,
    ):
        if dim < 2:
            raise InputError(
                "a coupling needs at least 2 coordinates to split, got 1: "
                'use "planar:8" or "sinh-arcsinh+diagonal" in one dimension.'
            )
        half = dim // 2
        outputs = transformer.size * (dim - half)
        self.transformer = transformer
        self.dim = dim
        self.conditioner = Conditioner(
            half, outputs, key=key, width=width, depth=depth, dtype=dtype
        )

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Transform the second half, given the first."""
        a, b = z[: self.dim // 2], z[self.dim // 2 :]
        b, log_dets = self.transformer.forward(b, self.parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it: the first half is unchanged, hence gives the same parameters."""
        a, b = x[: self.dim // 2], x[self.dim // 2 :]
        b, log_dets = self.transformer.inverse(b, self.parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)

    def parameters(self, a: Float[Array, " half"]) -> Float[Array, "size rest"]:
        """What the conditioner tells the transformer, given the first half."""
        return self.conditioner(a).reshape(self.transformer.size, self.dim - self.dim // 2)
