r"""Many coordinates, each modulated by a few: plates, pairs, and plates in plates.

Where every group has a scale of its own there are as many heads as groups, and a network of all of
them would be mostly noise. Here each coordinate sees only its own heads:

.. math:: a' = e^{S(c)} \odot a + t(c), \qquad b' = e^{S(c, a'_{p})} \odot b + t(c, a'_p)

with c the hubs, which modulate all others, a the heads, and b the rest, each b_j with its own few
parents p(j). Parameters, memory and the cost of a point are linear in D. Where t is linear and S
constant it is a Gaussian whose precision is an arrow: what hierarchies have.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import DTypeLike, Int, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.flow import Chain, Flow
from fluvial.flows.leading import Leading
from fluvial.flows.linear import Diagonal
from fluvial.flows.permutation import Permutation
from fluvial.flows.sinh_arcsinh import SinhArcsinh
from fluvial.flows.sparse_modulation import SparseModulation

__all__ = ["sparse"]

_MOST_EXPONENT = 2.0  # with two modulations, what keeps x finite in float32 out to |z| = 1e4


def sparse(
    hubs: Flow | None,
    parents: Int[np.ndarray, "rest m"] | None,
    order: Int[np.ndarray, " D"],
    heads: int,
    *,
    key: PRNGKeyArray,
    width: int = 8,
    dtype: DTypeLike = jnp.float32,
) -> Flow:
    """Build a sparse modulated flow, which starts where ``hubs`` starts.

    Args:
        hubs: a flow of the C coordinates that modulate all others, or None.
        parents: of each coordinate after hubs and heads, by their number among both, besides
            the hubs; None where there are no heads.
        order: the coordinates: first hubs, then heads, then the rest.
        heads: how many of the others modulate some of the rest.
        key: decides the hidden layers.
        width: units in the hidden layer of each network; 0 for a flow without networks and without
            tails of its own, all of whose scales and shifts are linear in what modulates them.
        dtype: float32 or float64.

    Raises:
        InputError: if there are neither hubs nor heads, or nothing that they modulate.

    Example:
        >>> import jax, jax.numpy as jnp, numpy as np
        >>> from fluvial.flows.sparse import sparse
        >>> flow = sparse(None, np.array([[0], [1]]), np.arange(4), 2, key=jax.random.key(0))
        >>> flow.forward(jnp.array([1.0, 2.0, 3.0, 4.0]))[0].round(4)
        Array([1., 2., 3., 4.], dtype=float32)
    """
    dim, first = len(order), 0 if hubs is None else hubs.dim
    if not first and not heads:
        raise InputError("a sparse flow needs hubs or heads: coordinates that modulate others.")
    hub_key, head_key = jax.random.split(key)
    layers: list[Flow] = [] if hubs is None else [Leading(hubs, dim)]
    if first:
        every = np.tile(np.arange(first), (dim - first, 1))
        layers.append(SparseModulation(every, first, key=hub_key, width=width, dtype=dtype))
    if width:
        layers.append(SinhArcsinh(dim, most_exponent=_MOST_EXPONENT, dtype=dtype))
    layers.append(Diagonal(dim, dtype=dtype))
    if heads:
        if parents is None:
            raise InputError("heads need something whose parents they are.")
        layers.append(
            SparseModulation(parents, first + heads, key=head_key, width=width, dtype=dtype)
        )
    return Chain([*layers, Permutation(np.argsort(order))])
