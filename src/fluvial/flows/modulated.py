r"""A few coordinates modulate all others: flows for hierarchies, state spaces and scale mixtures.

In such posteriors a handful of coordinates, the heads, decide the scales and the locations of the
rest. Given the heads a = z_1 … z_H, the rest b of a modulated flow is

.. math:: b' = V_K\,A_K(a)\,V_K^\top \cdots V_1\,A_1(a)\,V_1^\top b,
          \qquad A_k(a)\,v = e^{S_k(a)} \odot v + t_k(a)

an affine map in fixed orthonormal bases V_k, whose S_k and t_k come from one small network of the
heads, after a flow of the heads' own. For fixed heads it is affine, so that a posterior whose rest
is Gaussian given the heads can be met exactly; automatic non-centering (Ko & Domke 2025, "Model-
Informed Flows") is the case V = I.

Why the bases. Let the flow be whitened at a = 0, where the rest then has precision I, and let the
precision change as I + a ΔH + O(a²) with one head a. What turns ε ~ N(0, I) into the rest is then
b = (I + a ΔH)^{-1/2} ε = (I − ½ a ΔH + O(a²)) ε. In the eigenvectors V of ΔH it is diagonal, with
S(a) = −½ a λ: one layer in this basis is exact to first order whatever the structure, and to all
orders where the precisions at all a share eigenvectors. Where they do not, a further layer in the
coordinates' own basis, V = I, takes up most of what is left.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.flow import Chain, Flow, Stacked
from fluvial.flows.leading import Leading
from fluvial.flows.modulation import Modulation
from fluvial.flows.rotation import Rotation

__all__ = ["modulated"]


def modulated(
    heads: Flow,
    bases: Sequence[Float[np.ndarray, "rest rest"]],
    *,
    key: PRNGKeyArray,
    last: Float[np.ndarray, "D D"] | None = None,
    width: int = 32,
    dtype: DTypeLike = jnp.float32,
) -> Flow:
    r"""Build a modulated flow: the heads by a flow of their own, then one layer for each basis.

    Args:
        heads: a flow of R^H for the first H coordinates.
        bases: V_1 … V_K, orthonormal, of the D − H other coordinates.
        key: decides the hidden layers of the networks.
        last: an orthogonal map of R^D at the end; none by default.
        width: units in the two hidden layers of each network.
        dtype: float32 or float64.

    Returns:
        A flow of R^D that starts where ``heads`` starts, followed by ``last``.

    Raises:
        InputError: if there is no basis, or nothing but heads.

    Example:
        >>> import jax, jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import SinhArcsinh, modulated
        >>> flow = modulated(SinhArcsinh(1), [np.eye(4)], key=jax.random.key(0))
        >>> x, log_det = flow.forward(jnp.arange(5.0))
        >>> flow.dim, x.shape
        (5, (5,))
    """
    if not bases:
        raise InputError("a modulated flow needs at least one basis, one for each layer.")
    dim = heads.dim + len(bases[0])
    # V_kᵀ, with the V_{k-1} of the layer before, is one rotation.
    before, layers = np.eye(len(bases[0])), []
    for basis, layer_key in zip(bases, jax.random.split(key, len(bases)), strict=True):
        into = Rotation(_of_rest(basis.T @ before, heads.dim), dtype=dtype)
        layer = Modulation(heads.dim, dim, key=layer_key, width=width, dtype=dtype)
        layers.append(Chain([into, layer]))
        before = basis
    back = _of_rest(before, heads.dim)
    out = Rotation(back if last is None else last @ back, dtype=dtype)
    return Chain([Leading(heads, dim), Stacked(layers), out])


def _of_rest(matrix: Float[np.ndarray, "rest rest"], heads: int) -> Float[np.ndarray, "D D"]:
    whole = np.eye(heads + len(matrix))
    whole[heads:, heads:] = matrix
    return whole
