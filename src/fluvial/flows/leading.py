"""A flow of the first coordinates alone."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.flow import Flow

__all__ = ["Leading"]


class Leading(Flow):
    r"""A flow of the first H coordinates; the others pass.

    .. math:: x = (f(z_{1 \dots H}), z_{H+1 \dots D}), \qquad \ln|\det| = \ln|\det f'|

    Args:
        flow: f, of R^H.
        dim: D, at least H.

    Raises:
        InputError: if D is smaller than H.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Leading, SinhArcsinh
        >>> x, log_det = Leading(SinhArcsinh(1), 3).forward(jnp.array([1.0, 2.0, 3.0]))
        >>> x[1:]
        Array([2., 3.], dtype=float32)
    """

    flow: Flow
    dim: int = eqx.field(static=True)

    def __init__(self, flow: Flow, dim: int):
        if dim < flow.dim:
            raise InputError(f"a flow of {flow.dim} coordinates cannot lead among {dim}.")
        self.flow = flow
        self.dim = dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Apply the flow to the first coordinates."""
        a, log_det = self.flow.forward(z[: self.flow.dim])
        return jnp.concatenate([a, z[self.flow.dim :]]), log_det

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it."""
        a, log_det = self.flow.inverse(x[: self.flow.dim])
        return jnp.concatenate([a, x[self.flow.dim :]]), log_det
