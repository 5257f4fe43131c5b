"""The one wrapper that makes a flow's parameters depend on the datum."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows import Flow, Stacked

__all__ = ["WHICH", "AmortizedFlow"]

WHICH = ("auto", "all", "vectors", "none")
_REACH = 3.0
_MOST_EMITTED = 20_000


class AmortizedFlow(eqx.Module):
    r"""A family of flows: a template, whose parameters are moved by a vector for each datum.

    .. math:: \theta(x) = \theta_0 + B \tanh(\lambda(x) / B)

    with :math:`\theta_0` the ravelled trainable parameters of the template, themselves
    trainable, and λ(x) what an inference network emits for the datum x. It works for every flow
    alike; where λ = 0 the flow is the template.

    The bound B keeps every parameter within reach of one that all data agree on. Without it a
    single datum can push a planar layer's w to where û, which is proportional to 1/‖w‖, or the
    determinant, which is at least softplus(wᵀu), is beyond float32, and the training is lost.

    Args:
        template: any flow.
        spec: the text that made the template, from which it can be rebuilt; "" for a custom flow.
        which: the parameters that depend on the datum. "all" of them; "vectors" only: those
            that have at most one axis in their layer, such as the biases of a coupling's
            network, as a network with a context input has it (Kingma et al. 2016); or "none".
            "auto" is "all" where that is at most 20,000 parameters, else "vectors".
        reach: B, how far a datum can move a parameter.

    Attributes:
        template: the flow at λ = 0.

    Raises:
        InputError: if ``which`` is none of these.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows import Planar
        >>> family = AmortizedFlow(Planar(2, key=jax.random.key(0)))
        >>> family.size
        5
        >>> flow = family.at(jnp.zeros(5))
        >>> bool((flow.u == family.template.u).all())
        True
    """

    template: Flow
    spec: str = eqx.field(static=True)
    which: str = eqx.field(static=True)
    reach: float = eqx.field(static=True)

    def __init__(
        self, template: Flow, spec: str = "", *, which: str = "all", reach: float = _REACH
    ):
        if which not in WHICH:
            raise InputError(f'"{which}" parameters: choose one of {", ".join(WHICH)}.')
        if which == "auto":
            trainable = jax.tree.leaves(eqx.filter(template, eqx.is_inexact_array))
            few = sum(leaf.size for leaf in trainable) <= _MOST_EMITTED
            which = "all" if few else "vectors"
        self.template = template
        self.spec = spec
        self.which = which
        self.reach = reach

    @property
    def size(self) -> int:
        """How many parameters the network has to emit for a datum."""
        return sum(leaf.size for leaf in jax.tree.leaves(self._split()[0]))

    def at(self, vector: Float[Array, " P"]) -> Flow:
        """Return the flow of one datum, λ = ``vector``, shape (size,)."""
        moving, fixed = self._split()
        start, unravel = ravel_pytree(moving)
        theta = start + self.reach * jnp.tanh(vector.astype(start.dtype) / self.reach)
        return eqx.combine(unravel(theta), fixed)

    def axes(self) -> Any:
        """Axes for ``vmap`` over what ``at`` returns: 0 for what a datum moves, None for the rest.

        Without them ``vmap`` copies what all data share, such as a coupling's weights, for each.
        """
        moves = _moving(self.template, self.which)
        return jax.tree.map(lambda leaf: 0 if leaf else None, moves)

    def _split(self) -> tuple[Any, Any]:
        return eqx.partition(self.template, _moving(self.template, self.which))


def _moving(flow: Flow, which: str) -> Any:
    """Say for every leaf of a flow whether it depends on the datum."""

    def of_node(node):
        # In a stack each array has one more axis, that of the layers.
        stacked = isinstance(node, Stacked)
        return jax.tree.map(lambda leaf: _moves(leaf, which, 2 if stacked else 1), node)

    return jax.tree.map(of_node, flow, is_leaf=lambda node: isinstance(node, Stacked))


def _moves(leaf: Any, which: str, axes: int) -> bool:
    if which == "none" or not eqx.is_inexact_array(leaf):
        return False
    return which == "all" or jnp.ndim(leaf) <= axes
