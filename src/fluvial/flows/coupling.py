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

    The point is mixed, split into a (the first ⌊D/2⌋ coordinates) and b (the rest), and
    mixed back:

    .. math:: (a, b) = M z, \qquad b' = \tau(b;\, c(a)), \qquad x = M^{-1} (a, b')

    with c the conditioner and τ an increasing map of each coordinate, so that

    .. math:: \ln|\det| = \sum_i \ln \tau'(b_i;\, c_i(a))

    and the inverse costs what the forward map costs. NICE is an additive τ (Dinh et al. 2015;
    in Rezende & Mohamed 2015, section 6, M is a fixed random permutation or orthogonal
    matrix), RealNVP an affine one (Dinh et al. 2017, eq. 4), and a rational-quadratic spline
    makes neural spline flows (Durkan et al. 2019). Undoing M inside the layer leaves a stack's
    family of maps as it is, up to one last mixing, and lets each layer start at the identity.

    Args:
        transformer: τ.
        mixing: M, a flow that preserves volume; its dimension D is the layer's.
        key: decides the conditioner's hidden layers.
        width: units in a hidden layer of the conditioner.
        depth: number of hidden layers of the conditioner.
        dtype: float32 or float64.

    Raises:
        InputError: if D is 1, where no half is left to decide.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Affine, Coupling, Permutation
        >>> layer = Coupling(Affine(), Permutation([1, 0, 2]), key=jax.random.key(0))
        >>> layer.forward(jnp.array([1.0, 2.0, 3.0]))[0]
        Array([1., 2., 3.], dtype=float32)
    """

    transformer: Transformer
    mixing: Flow
    conditioner: Conditioner
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
        if self.dim < 2:
            raise InputError(
                "a coupling needs at least 2 coordinates to split, got 1: "
                'use "planar:8" or "sinh-arcsinh+diagonal" in one dimension.'
            )
        half = self.dim // 2
        outputs = transformer.size * (self.dim - half)
        self.transformer = transformer
        self.mixing = mixing
        self.conditioner = Conditioner(
            half, outputs, key=key, width=width, depth=depth, dtype=dtype
        )

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Transform the second half of the mixed coordinates, given the first."""
        a, b = self._halves(z)
        b, log_dets = self.transformer.forward(b, self._numbers(a))
        return self._joined(a, b), jnp.sum(log_dets)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it: the first half is unchanged, hence gives the same numbers."""
        a, b = self._halves(x)
        b, log_dets = self.transformer.inverse(b, self._numbers(a))
        return self._joined(a, b), jnp.sum(log_dets)

    def _halves(self, point: Float[Array, " D"]) -> tuple[Array, Array]:
        mixed, _ = self.mixing.forward(point)
        return mixed[: self.dim // 2], mixed[self.dim // 2 :]

    def _joined(self, a: Array, b: Array) -> Float[Array, " D"]:
        point, _ = self.mixing.inverse(jnp.concatenate([a, b]))
        return point

    def _numbers(self, a: Float[Array, " half"]) -> Float[Array, "size rest"]:
        return self.conditioner(a).reshape(self.transformer.size, self.dim - self.dim // 2)
