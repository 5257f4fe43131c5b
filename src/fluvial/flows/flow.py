"""The one abstract class of a flow, and the combinators that make flows of flows."""

from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.scan import scan_layers

__all__ = ["Chain", "Flow", "Inverted", "Stacked"]


class Flow(eqx.Module):
    r"""An invertible, differentiable map of R^D, with the log of its Jacobian determinant.

    A family writes two methods, both for ONE point; batches are ``jax.vmap``. If
    ``x, log_det = flow.forward(z)`` and z has density q0, then x has the density of

    .. math:: \ln q(x) = \ln q_0(z) - \ln\left|\det \frac{\partial f}{\partial z}\right|

    (Rezende & Mohamed 2015, eq. 5). Points and parameters share one floating dtype, and
    the results have it too. What is trainable are the leaves that
    ``equinox.is_inexact_array`` selects; constants of a flow are not among them.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Diagonal
        >>> flow = Diagonal(3)
        >>> x, log_det = jax.vmap(flow.forward)(jnp.ones((5, 3)))
        >>> x.shape, log_det.shape
        ((5, 3), (5,))
    """

    dim: eqx.AbstractVar[int]

    @abstractmethod
    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map z to x = f(z), shape (D,); also ln|det dx/dz|, in nats."""

    @abstractmethod
    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map x to z = f⁻¹(x), shape (D,); also ln|det dz/dx|, in nats."""


class Chain(Flow):
    r"""Flows applied one after the other, the first one first.

    .. math::
        x = f_K \circ \dots \circ f_1(z), \qquad
        \ln|\det| = \sum_k \ln\left|\det \frac{\partial f_k}{\partial z_{k-1}}\right|

    Every member is compiled on its own: for many layers of one family, use ``Stacked``.

    Args:
        flows: at least one flow, all of one dimension.

    Raises:
        InputError: if there is no flow, or the dimensions differ.

    Example:
        >>> from fluvial.flows import Chain, Diagonal, Triangular
        >>> Chain([Diagonal(3), Triangular(3)]).dim
        3
    """

    flows: tuple[Flow, ...]
    dim: int = eqx.field(static=True)

    def __init__(self, flows: Sequence[Flow]):
        dims = sorted({flow.dim for flow in flows})
        if len(dims) != 1:
            raise InputError(f"a chain needs flows of one dimension, got {dims or 'no flow'}.")
        self.flows = tuple(flows)
        self.dim = dims[0]

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Apply the flows from first to last; the log determinants add up."""
        log_det = jnp.zeros((), z.dtype)
        for flow in self.flows:
            z, term = flow.forward(z)
            log_det = log_det + term
        return z, log_det

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo the flows from last to first; the log determinants add up."""
        log_det = jnp.zeros((), x.dtype)
        for flow in reversed(self.flows):
            x, term = flow.inverse(x)
            log_det = log_det + term
        return x, log_det


class Inverted(Flow):
    """A flow run backwards: its forward is the other's inverse.

    Args:
        flow: the flow to run backwards.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Inverted, SinhArcsinh
        >>> flow = Inverted(SinhArcsinh(2))
        >>> x, log_det = flow.forward(jnp.array([1.0, 2.0]))
        >>> x.shape
        (2,)
    """

    flow: Flow
    dim: int = eqx.field(static=True)

    def __init__(self, flow: Flow):
        self.flow = flow
        self.dim = flow.dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Apply the other flow's inverse."""
        return self.flow.inverse(z)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Apply the other flow's forward map."""
        return self.flow.forward(x)


class Stacked(Flow):
    """K layers of one family whose parameters share a shape, applied by ``lax.scan``.

    The same map as ``Chain(layers)``, but a layer is compiled once, so that compile time
    does not grow with K. Whatever tells one layer from another must be an array in it.

    Args:
        layers: flows of one structure (same family, same shapes and dtypes).
        checkpoint: keep less for the gradient, and compute it once more: memory then grows with
            the square root of K, and a gradient takes a forward pass more.

    Attributes:
        layers: one layer whose arrays have grown a leading axis of length K.

    Raises:
        InputError: if there is no layer, or the layers' structures, shapes or dtypes differ.

    Example:
        >>> import jax
        >>> from fluvial.flows import Householder, Stacked
        >>> keys = jax.random.split(jax.random.key(0), 4)
        >>> flow = Stacked([Householder(3, key=key) for key in keys])
        >>> flow.layers.v.shape
        (4, 3)
    """

    layers: Flow
    dim: int = eqx.field(static=True)
    checkpoint: bool = eqx.field(static=True)

    def __init__(self, layers: Sequence[Flow], *, checkpoint: bool = False):
        if not layers:
            raise InputError("a stack needs at least one layer.")
        structures = [eqx.filter_eval_shape(lambda layer=layer: layer) for layer in layers]
        if any(not eqx.tree_equal(structure, structures[0]) for structure in structures):
            raise InputError("a stack needs layers of one structure: use Chain for mixed layers.")
        arrays, statics = zip(
            *(eqx.partition(layer, eqx.is_array) for layer in layers), strict=True
        )
        self.layers = eqx.combine(jax.tree.map(_stack, *arrays), statics[0])
        self.dim = layers[0].dim
        self.checkpoint = checkpoint

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Apply the layers from first to last; the log determinants add up."""
        return self._scan(z, inverse=False)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo the layers from last to first; the log determinants add up."""
        return self._scan(x, inverse=True)

    def _scan(
        self, point: Float[Array, " D"], *, inverse: bool
    ) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        arrays, static = eqx.partition(self.layers, eqx.is_array)

        def step(carry, layer_arrays):
            point, log_det = carry
            layer = eqx.combine(layer_arrays, static)
            point, term = layer.inverse(point) if inverse else layer.forward(point)
            return (point, log_det + term), None

        start = (point, jnp.zeros((), point.dtype))
        return scan_layers(step, start, arrays, reverse=inverse, checkpoint=self.checkpoint)


def _stack(*arrays: Array) -> Array:
    # A program that stacks K arrays takes XLA longer to compile than all else in building a
    # flow, and NumPy has nothing to compile.
    if any(isinstance(array, Tracer) for array in arrays):
        return jnp.stack(arrays)
    return jnp.asarray(np.stack(arrays))
