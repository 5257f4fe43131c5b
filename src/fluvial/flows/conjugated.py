"""A flow in other coordinates."""

import equinox as eqx
from jaxtyping import Array, Float

from fluvial.flows.flow import Flow

__all__ = ["Conjugated"]


class Conjugated(Flow):
    r"""A flow between a mixing of the coordinates and its undoing.

    .. math:: x = M^{-1}(f(M z))

    With M a fixed random rotation or permutation this is a layer of NICE in Rezende & Mohamed
    2015, section 6. Undoing M inside the layer leaves a stack's family of maps as it is, up to
    one last mixing, and lets each layer start at the identity.

    Args:
        flow: f.
        mixing: M, a flow that preserves volume.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Conjugated, Diagonal, Permutation
        >>> x, log_det = Conjugated(Diagonal(2), Permutation([1, 0])).forward(jnp.array([1.0, 2.0]))
        >>> x
        Array([1., 2.], dtype=float32)
    """

    flow: Flow
    mixing: Flow
    dim: int = eqx.field(static=True)

    def __init__(self, flow: Flow, mixing: Flow):
        self.flow = flow
        self.mixing = mixing
        self.dim = flow.dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Mix, apply the flow, mix back."""
        moved, log_det = self.flow.forward(self.mixing.forward(z)[0])
        return self.mixing.inverse(moved)[0], log_det

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Mix, undo the flow, mix back."""
        moved, log_det = self.flow.inverse(self.mixing.forward(x)[0])
        return self.mixing.inverse(moved)[0], log_det
