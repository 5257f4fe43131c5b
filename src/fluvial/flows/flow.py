"""The one abstract class of a flow, and the combinators that make flows of flows."""

from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

__all__ = ["Chain", "Flow", "Inverted", "Stacked"]


class Flow(eqx.Module):
    r"""An invertible, differentiable map of R^D, with the log of its Jacobian determinant.

    A family writes two methods, both for ONE point; batches are ``jax.vmap``. If
    ``x, log_det = flow.forward(z)`` and z has density q0, then x has the density of

    .. math:: \ln q(x) = \ln q_0(z) - \ln\left|\det \frac{\partial f}{\partial z}\right|

    (Rezende & Mohamed 2015, eq. 5). Parameters and points share one floating dtype.
    """

    dim: eqx.AbstractVar[int]

    @abstractmethod
    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map z to x = f(z), shape (D,); also ln|det dx/dz|, in nats."""

    @abstractmethod
    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map x to z = f⁻¹(x), shape (D,); also ln|det dz/dx|, in nats."""


class Chain(Flow):
    """Flows applied one after the other, the first one first."""

    flows: tuple[Flow, ...]
    dim: int = eqx.field(static=True)

    def __init__(self, flows: Sequence[Flow]):
        dims = sorted({flow.dim for flow in flows})
        if len(dims) != 1:
            raise ValueError(f"a chain needs flows of one dimension, got {dims or 'no flow'}.")
        self.flows = tuple(flows)
        self.dim = dims[0]

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        log_det = jnp.zeros((), z.dtype)
        for flow in self.flows:
            z, term = flow.forward(z)
            log_det = log_det + term
        return z, log_det

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        log_det = jnp.zeros((), x.dtype)
        for flow in reversed(self.flows):
            x, term = flow.inverse(x)
            log_det = log_det + term
        return x, log_det


class Inverted(Flow):
    """A flow run backwards: its forward is the other's inverse."""

    flow: Flow
    dim: int = eqx.field(static=True)

    def __init__(self, flow: Flow):
        self.flow = flow
        self.dim = flow.dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        return self.flow.inverse(z)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        return self.flow.forward(x)


class Stacked(Flow):
    """K layers of one family whose parameters share a shape, applied by ``lax.scan``.

    The layers are compiled once, so that compile time does not grow with K.

    Args:
        layers: flows of one structure (same family, same shapes and dtypes).

    Raises:
        ValueError: if there is no layer, or the layers' structures or shapes differ.
    """

    layers: PyTree
    dim: int = eqx.field(static=True)

    def __init__(self, layers: Sequence[Flow]):
        if not layers:
            raise ValueError("a stack needs at least one layer.")
        arrays, statics = zip(*(eqx.partition(layer, eqx.is_array) for layer in layers), strict=True)
        if any(not eqx.tree_equal(static, statics[0]) for static in statics):
            raise ValueError("a stack needs layers of one structure; use Chain for mixed layers.")
        self.layers = eqx.combine(jax.tree.map(lambda *a: jnp.stack(a), *arrays), statics[0])
        self.dim = layers[0].dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        return self._scan(z, inverse=False)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        return self._scan(x, inverse=True)

    def _scan(self, point, *, inverse: bool):
        arrays, static = eqx.partition(self.layers, eqx.is_array)

        def step(carry, layer_arrays):
            point, log_det = carry
            layer = eqx.combine(layer_arrays, static)
            point, term = layer.inverse(point) if inverse else layer.forward(point)
            return (point, log_det + term), None

        start = (point, jnp.zeros((), point.dtype))
        (point, log_det), _ = jax.lax.scan(step, start, arrays, reverse=inverse)
        return point, log_det
